"""Secrets are taken out of text; code that only names them stays as it is."""

from __future__ import annotations

import pytest

from artigraph.span.redact import holds_secret, is_secret_name, redacted, redacted_data, redacted_text


@pytest.mark.parametrize(
    "text",
    [
        "api_key = 'hunter2'",
        "os.environ['API_KEY'] = \"hunter2\"",
        "token: str | None = 'hunter2'",
        "def f(password=b'hunter2'): ...",
        "secretKey=rb'hunter2'",
        "password = \\\n    'hunter2'",
        "password = ('hunter2')",
        "if password == 'hunter2': pass",
        "login(secret='''\nhunter2\n''')",
        "{'password': 'hunter2'}",
        '{\\"password\\": \\"hunter2\\"}',
        "password: 'hunter2'",
        "os.getenv('API_KEY', 'hunter2')",
        "postgresql://me:hunter2@host/db",
        "postgresql://me:p@hunter2@host/db",
        "https://host/x?a=1&token=hunter2&b=2",
        "https://host/x?X-Amz-Signature=hunter2",
        "https://host/x?key=hunter2#top",
        "export DB_PASSWORD=hunter2",
        "%env API_KEY hunter2",
        "!curl --token hunter2 https://host",
        "%%span fit --param api_key=hunter2",
        "Authorization: Bearer hunter2hunter2hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter2",
        "x = 'ghp_hunter2hunter2hunter2hunter2'",
        "dsn = 'host=db password=hunter2 dbname=x'",
        '# don\'t\nconnect(f"host={host} password = hunter2")',
        'conf = """\nhost: db\npassword: hunter2\n"""',
        "run('--api-key=hunter2')",
    ],
)
def test_a_secret_is_hidden(text: str) -> None:
    assert "hunter2" not in redacted(text)
    assert "***" in redacted(text)
    assert redacted(redacted(text)) == redacted(text)


@pytest.mark.parametrize(
    "code",
    [
        "token = get_token()",
        "token=get_token()",
        "tokenizer = 'bert'",
        "TOKENIZER = 'bert'",
        "secretary = 'Anna'",
        "tokens = text.split(' ')",
        "columns = ['token', 'count']",
        "pw = getpass('Password: ')\nx = 'hello'",
        "getpass('Password: ', 'Again: ')",
        "url = '?password=' + quote('x')",
        "url = f'postgresql://{user}:{password}@host'",
        "https://host/x?design=2&monkey=3",
        "mask = a&key==3",
        "sqlite:///my.db",
        "time = '12:30'; mail = 'me@host'",
        "password = get()  # password: the one of the server",
        'def f(token):\n    """Do it.\n\n    Args:\n        token: what the server gave.\n    """',
        "query = 'SELECT * FROM t WHERE token = ? AND password=%s AND secret = :secret'",
        "f'host={host} password={password}'",
        "print('max_tokens=512'); log('token:', token)",
        "api_key: str = settings['api_key']",
    ],
)
def test_ordinary_code_is_unharmed(code: str) -> None:
    assert redacted(code) == code


@pytest.mark.parametrize(
    "text",
    [
        "host=db password=hunter2 dbname=x",
        "password: hunter2",
        "api_key=hunter2 token=hunter2",
        "wrong password = 'hunter2",
        '{"secret": hunter2}',
        "login failed (token: hunter2)",
    ],
)
def test_text_needs_no_quotes(text: str) -> None:
    assert "hunter2" not in redacted_text(text)
    assert redacted_text(redacted_text(text)) == redacted_text(text)
    assert redacted_data({"dsn": text}) == {"dsn": redacted_text(text)}
    assert holds_secret("dsn", text)


@pytest.mark.parametrize(
    "text",
    ["got an unexpected keyword argument 'token'", "max_tokens=512, n=3", "Password: ", "no secret", "tokenizer: bert"],
)
def test_text_that_only_names_a_secret_stays(text: str) -> None:
    assert redacted_text(text) == text


def test_data_under_a_secret_name_is_hidden_whatever_it_is() -> None:
    data = {"password": 123, "depth": 3, "nested": [{"api_key": "x", "url": "https://me:pw@host/"}], "token": None}
    assert redacted_data(data) == {
        "password": "***",
        "depth": 3,
        "nested": [{"api_key": "***", "url": "https://***@host/"}],
        "token": None,
    }
    assert is_secret_name("AWS_SECRET_ACCESS_KEY")


def test_a_number_of_tokens_is_no_secret() -> None:
    data = {"max_tokens": 512, "tokens": "abc", "token": 512}
    assert redacted_data(data) == {"max_tokens": 512, "tokens": "***", "token": "***"}
    assert [holds_secret(name, value) for name, value in data.items()] == [False, True, True]


@pytest.mark.parametrize("piece", ["a", "a-.", "token", "'password'", "://a:", "?a", "password = '", "\\", " ", "-"])
def test_long_text_is_read_once_and_not_again_and_again(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for redact in (redacted, redacted_text):
        assert len(redact(text)) <= len(text) + 3
