"""A real MariaDB, with the collation it has when nobody says anything: one that takes a for A."""

from __future__ import annotations

from urllib.parse import quote

from tests.servers.server import Server, find_program, run


class Mariadb(Server):
    """MariaDB as Debian's package ``mariadb-server`` brings it."""

    name = "mariadb"
    programs = ("mariadbd", "mariadb-install-db")
    admin = "mysql"

    def url(self, database: str, *, password: str = "open sesame") -> str:
        return f"mariadb+asyncmy://tester:{quote(password)}@127.0.0.1:{self.port}/{database}"

    def install(self) -> None:
        (self.folder / "init.sql").write_text(
            "CREATE USER IF NOT EXISTS tester@'127.0.0.1' IDENTIFIED BY 'open sesame';\n"
            "GRANT ALL ON *.* TO tester@'127.0.0.1' WITH GRANT OPTION;\n"
        )
        where = [f"--datadir={self.folder / 'data'}", "--auth-root-authentication-method=normal", "--skip-test-db"]
        run([str(find_program("mariadb-install-db")), "--no-defaults", *where])

    def command(self) -> list[str]:
        settings = {
            "datadir": self.folder / "data",
            "port": self.port,
            "socket": self.folder / "socket",
            "pid-file": self.folder / "pid",
            "bind-address": "127.0.0.1",
            "init-file": self.folder / "init.sql",
            "max-connections": 120,
            "innodb-buffer-pool-size": "64M",
            "innodb-flush-log-at-trx-commit": 2,  # a crash of the server is survived, one of the machine need not be
            "innodb-flush-method": "nosync",
            "skip-name-resolve": 1,
        }
        flags = [f"--{name}={value}" for name, value in settings.items()]
        return [str(find_program("mariadbd")), "--no-defaults", *flags]
