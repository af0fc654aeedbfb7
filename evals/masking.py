"""How much of what is personal or secret the forms of ``tools.privacy`` find in free text: ``python -m evals.masking``.

The list is small and made by hand, to tell what is not to be relied upon. Whole columns are told by the profiler.
"""

from __future__ import annotations

from collections import Counter

from tools.privacy import masked

LABELLED: tuple[tuple[str, str, str], ...] = (
    *(
        ("e-mail address", text, part)
        for text, part in (
            ("write to ann.lee@example.com today", "ann.lee@example.com"),
            ("ANN+SHOP@MAIL.EXAMPLE.CO.UK", "ANN+SHOP@MAIL.EXAMPLE.CO.UK"),
            ("(bob_k@example.org)", "bob_k@example.org"),
            ("ann [at] example [dot] com", "ann [at] example"),
            ("root@localhost", "root@localhost"),
        )
    ),
    *(
        ("phone number", text, part)
        for text, part in (
            ("call +49 170 1234567", "1234567"),
            ("tel. (030) 901820-55", "901820"),
            ("0041-44-668-18-00 after six", "668-18"),
            ("+1 (415) 555-0133", "555-0133"),
            ("415.555.0133", "415.555.0133"),
            ("ext. 4417", "4417"),
            ("room 12, dial 55 01 9", "55 01 9"),
        )
    ),
    *(
        ("payment card", text, part)
        for text, part in (
            ("4111 1111 1111 1111", "4111 1111"),
            ("card 5500-0000-0000-0004 declined", "5500-0000"),
            ("378282246310005", "378282246310005"),
            ("ends in 1111", "1111"),
        )
    ),
    *(
        ("bank account", text, part)
        for text, part in (
            ("DE89 3704 0044 0532 0130 00", "3704"),
            ("IBAN GB29NWBK60161331926819.", "NWBK"),
            ("fr1420041010050500013m02606", "0505"),
            ("account 0532013000, bank 37040044", "0532013000"),
        )
    ),
    *(
        ("national id", text, part)
        for text, part in (
            ("SSN 123-45-6789", "123-45-6789"),
            ("AB 12 34 56 C", "12 34 56"),
            ("12345678Z", "12345678Z"),
            ("passport C01X00T47", "C01X00T47"),
        )
    ),
    *(
        ("IP address", text, part)
        for text, part in (("from 192.168.10.4", "192.168.10.4"), ("2001:db8::ff00:42:8329", "db8::ff00"))
    ),
    *(
        ("person's name", text, part)
        for text, part in (
            ("spoke to Ann Lee about it", "Ann Lee"),
            ("Müller, Jürgen", "Müller"),
            ("ask zoe", "zoe"),
            ("Dr. B. Okafor signed", "Okafor"),
        )
    ),
    *(
        ("street address", text, part)
        for text, part in (("17 High Street, Leeds", "High Street"), ("Hauptstr. 5, 10115 Berlin", "Hauptstr"))
    ),
    *(("date of birth", text, part) for text, part in (("born 1961-02-17", "1961-02-17"), ("* 3.4.1975", "3.4.1975"))),
    *(
        ("secret", text, part)
        for text, part in (
            ("AKIA" + "IOSFODNN7EXAMPLE", "AKIA"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJz"),
            ("postgresql://ann:s3cret@db.example/shop", "s3cret"),
            ("password=hunter2-xyz", "hunter2"),
            ("-----BEGIN RSA " + "PRIVATE KEY-----", "PRIVATE KEY"),
            ("the password is hunter2-xyz", "hunter2"),
            ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"),
            ("xoxb-2401-7766-abcDEF", "xoxb"),
        )
    ),
)
"""What kind it is, a text, and the part of it that must not be read."""


def recall() -> dict[str, tuple[int, int]]:
    """By kind how many are masked, and of how many."""
    found = Counter(kind for kind, text, part in LABELLED if part not in masked(text))
    return {kind: (found[kind], of) for kind, of in Counter(kind for kind, _, _ in LABELLED).items()}


if __name__ == "__main__":
    for kind, (found, of) in recall().items():
        print(f"{kind}: {found} of {of}")
