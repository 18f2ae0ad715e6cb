"""Backups: how each kind of database writes them, checks them and is made from them again."""
