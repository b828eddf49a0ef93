"""The address of a Redis: what it means, and that nothing of it is shown that may be secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from edunn_serving.redis_url import RedisUrl

# Of two characters that no message has by chance.
SECRET = "Zq"


@pytest.mark.parametrize(
    ("text", "parsed", "broker", "shown"),
    [
        (
            "redis://example.org",
            RedisUrl(host="example.org"),
            "redis://example.org:6379/0",
            "redis://example.org:6379/0",
        ),
        (
            "redis://:a%23b%2Fc%3Fd%40e%25f@example.org:7000/3",
            RedisUrl(host="example.org", port=7000, database=3, password="a#b/c?d@e%f"),
            "redis://:a%23b%2Fc%3Fd%40e%25f@example.org:7000/3",
            "redis://example.org:7000/3",
        ),
        (
            "redis://me:p%C3%A9@[::1]:7000?db=2",
            RedisUrl(host="::1", port=7000, database=2, username="me", password="pé"),
            "redis://me:p%C3%A9@[::1]:7000/2",
            "redis://[::1]:7000/2",
        ),
        (
            "redis://example.org/1?username=me&password=a%2520b",
            RedisUrl(host="example.org", database=1, username="me", password="a%20b"),
            "redis://me:a%2520b@example.org:6379/1",
            "redis://example.org:6379/1",
        ),
        (
            "rediss://example.org",
            RedisUrl(
                host="example.org", tls={"ssl_cert_reqs": "required", "ssl_check_hostname": True}
            ),
            "rediss://example.org:6379/0",
            "rediss://example.org:6379/0",
        ),
        (
            "rediss://example.org?ssl_cert_reqs=none",
            RedisUrl(
                host="example.org", tls={"ssl_cert_reqs": "none", "ssl_check_hostname": False}
            ),
            "rediss://example.org:6379/0",
            "rediss://example.org:6379/0",
        ),
        (
            "unix:///run/redis.sock",
            RedisUrl(path="/run/redis.sock"),
            "redis+socket:///run/redis.sock?virtual_host=0",
            "unix:///run/redis.sock?db=0",
        ),
        (
            "unix://:pass%2Fword@/run/a%20b%23c.sock?db=4",
            RedisUrl(path="/run/a b#c.sock", database=4, password="pass/word"),
            "redis+socket://:pass%2Fword@/run/a%20b%23c.sock?virtual_host=4",
            "unix:///run/a%20b%23c.sock?db=4",
        ),
    ],
)
def test_url_means_the_same_everywhere(
    text: str, parsed: RedisUrl, broker: str, shown: str
) -> None:
    assert RedisUrl.parse(text) == parsed
    assert parsed.broker_url == broker
    assert str(parsed) == shown
    assert RedisUrl.parse(shown).host == parsed.host
    assert "pass" not in repr(parsed).replace("password", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        SECRET,
        f"http://:{SECRET}@example.org",
        f"redis:{SECRET}@example.org",
        f"redis://:{SECRET}#{SECRET}@example.org:6379/0",
        f"redis://:{SECRET}/{SECRET}@example.org:6379/0",
        f"redis://:12/{SECRET}@example.org:6379/0",
        f"redis://:12?{SECRET}@example.org:6379/0",
        f"redis://:12?{SECRET}=1@example.org:6379/0",
        f"redis://:{SECRET} {SECRET}@example.org",
        f"redis://:{SECRET}\n@example.org",
        f"redis://:{SECRET}@[::1/0",
        f"redis://:{SECRET}%FF@example.org",
        f"redis://:{SECRET}@example.org:http/0",
        f"redis://:{SECRET}@example.org:0/0",
        f"redis://:{SECRET}@example.org:65536/0",
        f"redis://:{SECRET}@example.org/zero",
        f"redis://:{SECRET}@example.org/0?db=1",
        f"redis://example.org/0?db=-1&password={SECRET}",
        f"redis://example.org/0?password={SECRET}&password=b",
        f"redis://:{SECRET}@example.org/0?ssl_cert_reqs=none",
        f"redis://:{SECRET}@example.org/0?socket_timeout=1",
        f"redis://:{SECRET}@example.org/0?virtual_host=1",
        f"rediss://:{SECRET}@example.org?ssl_cert_reqs=some",
        f"rediss://:{SECRET}@example.org?ssl_check_hostname=perhaps",
        f"rediss://:{SECRET}@example.org?ssl_ca_certs=/nowhere.pem",
        f"rediss://:{SECRET}@example.org?ssl_keyfile=/nowhere.pem",
        f"rediss://:{SECRET}@example.org?ssl_certfile=/nowhere.pem",
        f"unix://:{SECRET}@",
        f"unix://:{SECRET}@/",
        f"unix://{SECRET}/redis.sock",
        f"unix://:{SECRET}@/run/redis.sock?virtual_host=1",
        f"unix://:{SECRET}@/run/redis.sock?ssl_cert_reqs=none",
    ],
)
def test_wrong_url_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        RedisUrl.parse(text)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    for option in ("ssl_ca_certs", "ssl_certfile"):
        with pytest.raises(ValueError, match=option):
            RedisUrl.parse(f"rediss://example.org?{option}={wrong}")
