"""Print the table of docs/hosting.md."""

from webapp.settings.table import settings_table

if __name__ == "__main__":
    print(settings_table())
