"""Plain HTTP for programs that do not speak Gradio."""
