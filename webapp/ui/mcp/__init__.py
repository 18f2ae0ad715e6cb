"""Tools for AI programs by the Model Context Protocol (MCP), if the host turns them on."""

PATH = "/mcp"
