"""People who do not exist, with everything that is personal about them, and secrets that open nothing."""

from __future__ import annotations

import csv
from pathlib import Path

PERSONAL: dict[str, str] = {
    "full_name": "Zoe Quarrelsworth",
    "email": "aaa.zoe.quarrel@corp.example",
    "phone": "+49 30 55501019",
    "mobile": "493055501019",
    "birth_date": "1931-02-17",
    "iban": "DE02120300000000202051",
    "card_number": "4000 0566 5566 5556",
    "ssn": "078-05-1120",
    "ip_address": "10.11.12.213",
    "street": "17 Quarrel Lane",
}
"""By column the value of one person, which is the least or the most frequent of its column."""
SECRETS: dict[str, str] = {
    "password": "Tr0ub4dor-and-3-canaries",
    # In two parts, so that no search for secrets takes these for any.
    "api_key": "AKIA" + "QUARREL7CANARY42",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJxdWFycmVsIn0.c2lnbmF0dXJlLXF1YXJyZWw",
    "private_key": "-----BEGIN RSA " + "PRIVATE KEY----- MIIEquarrelcanary -----END RSA PRIVATE KEY-----",
    "dsn": "postgresql://zoe:quarrel-s3cret@db.example/shop",
}
IN_NOTES = "call Bob Canarysson on +49 40 66602020 or b.canary@mail.example, password=Hush-Canary-9"
PARTS = ("Canarysson", "66602020", "b.canary@mail", "Hush-Canary-9")
CANARIES = (
    *(value for name, value in PERSONAL.items()),
    *("493,055,501,019", "Quarrelsworth", "zoe.quarrel", "Quarrel Lane"),
    *(SECRETS["password"], SECRETS["api_key"], "eyJzdWIiOiJxdWFycmVsIn0", "MIIEquarrelcanary", "quarrel-s3cret"),
    *PARTS,
)
"""Texts of which none may be found where no person looks."""
OTHERS = 120
FIRST, LAST = ("Ann", "Bea", "Cyd", "Dan", "Eve"), ("Miller", "Smith", "Jones", "Lee")


def write_people(folder: Path) -> str:
    """A table of people; the canary stands in the first rows, three times, and is the most frequent value."""
    folder.mkdir(exist_ok=True)
    path = folder / "people.csv"
    columns = ["id", *PERSONAL, *SECRETS, "notes", "status"]
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        for n in range(3):
            writer.writerow([n, *PERSONAL.values(), *SECRETS.values(), IN_NOTES, "paid"])
        for n in range(3, OTHERS):
            writer.writerow(
                [n, *_person(n), *_secrets(n), f"note {n}", "Shiipped" if n == 50 else ("new", "paid")[n % 2]]
            )
    return str(path)


def _person(n: int) -> list[str]:
    return [
        f"{FIRST[n % 5]} {LAST[n % 4]}{'abcdefghij'[n % 10]}",
        f"person{n}@shop.example" if n != 60 else "no address",
        f"+49 40 {5_550_200 + n}",
        str(492000000000 + n * 7919),
        f"{1962 + n % 40}-0{1 + n % 9}-1{n % 9}",
        f"DE{10**19 + n}",
        f"4111 1111 1111 {1000 + n}",
        f"{100 + n}-12-{4000 + n}",
        f"192.168.{n}.7",
        f"{n} High Street",
    ]


def _secrets(n: int) -> list[str]:
    key = "-----BEGIN RSA " + "PRIVATE KEY----- "
    return [
        f"hunter{n}-xyz",
        f"AKIA{n:016d}",
        f"eyJhbGciOiJIUzI1NiJ9.eyJ{n:06d}ab.c2ln{n}",
        f"{key}{n}",
        f"pg://u:p{n}@db/x",
    ]
