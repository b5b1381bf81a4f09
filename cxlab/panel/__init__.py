"""Panels in JupyterLab: `explore`, a pivot whose code can be put into the notebook."""
