"""Tables beside the CRM: a finance export, a survey tool, any database; read whole or not at all."""

from connector.crm.beside.database import DatabaseTable
from connector.crm.beside.files import FileTable
from connector.crm.beside.table import Terms

__all__ = ["DatabaseTable", "FileTable", "Terms"]
