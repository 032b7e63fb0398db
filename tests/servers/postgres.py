"""A real PostgreSQL, with a collation that is not bytewise, as most have."""

from __future__ import annotations

from urllib.parse import quote

from tests.servers.server import Server, find_program, give_to_nobody, run


class Postgres(Server):
    """PostgreSQL as Debian's package ``postgresql`` brings it."""

    name = "postgres"
    programs = ("initdb", "postgres")
    admin = "postgres"

    def url(self, database: str, *, password: str = "open sesame") -> str:
        return f"postgresql+asyncpg://tester:{quote(password)}@127.0.0.1:{self.port}/{database}"

    def install(self) -> None:
        secret = self.folder / "secret"
        secret.write_text("open sesame\n")
        give_to_nobody(secret)
        options = ["--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "--encoding=UTF8"]
        locale = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        run([str(find_program("initdb")), "-D", str(self.folder / "data"), "-U", "tester", *options, *locale])

    def command(self) -> list[str]:
        settings = {
            "fsync": "off",  # a crash of the server is survived, one of the machine need not be
            "full_page_writes": "off",
            "max_connections": "120",
            "shared_buffers": "64MB",
            "autovacuum": "off",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "port": str(self.port),
        }
        flags = [f"--{name}={value}" for name, value in settings.items()]
        return [str(find_program("postgres")), "-D", str(self.folder / "data"), *flags]

    def drop(self, name: str) -> str:
        return f"DROP DATABASE {name} WITH (FORCE)"
