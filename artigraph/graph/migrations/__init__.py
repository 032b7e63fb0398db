"""How databases of older versions become present ones: Alembic revisions, loaded only when they are needed."""
