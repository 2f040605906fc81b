"""The statements that both databases take. A parameter is `:name`; `/* lock */` holds a row until the end of
a transaction where the database does not hold all of them anyway.
"""

from __future__ import annotations

from gatecli.model.portfolio import COLUMNS

LOCK = "/* lock */"

AMOUNTS = ", ".join(COLUMNS)
LIMITS = ", ".join(f"{column}_limit" for column in COLUMNS)
_GIVEN = ", ".join(f":{column}" for column in COLUMNS)
_GIVEN_LIMITS = ", ".join(f":{column}_limit" for column in COLUMNS)

IDENTITY = "SELECT id, name, made_at, public_key FROM ledger"
ADD_IDENTITY = (
    "INSERT INTO ledger (single, id, name, made_at, public_key) VALUES (1, :id, :name, :made_at, :public_key)"
)

TERMS = "SELECT terms FROM dataset WHERE name = :name"
ADD_TERMS = "INSERT INTO dataset (name, terms) VALUES (:name, :terms)"
ADD_ACCOUNT = (
    f"INSERT INTO account (name, admission, entries, head, {LIMITS}) "
    f"VALUES (:name, :admission, 1, :head, {_GIVEN_LIMITS})"
)
_ACCOUNT = f"a.name, a.closed, a.entries, a.head, {AMOUNTS}, {LIMITS}, a.admission"
ACCOUNT = f"SELECT {_ACCOUNT}, d.terms FROM account a JOIN dataset d ON d.name = a.name WHERE a.name = :name"
ACCOUNTS = (
    f"SELECT {_ACCOUNT}, d.terms FROM account a JOIN dataset d ON d.name = a.name "
    "WHERE a.name > :after ORDER BY a.name LIMIT :page"
)
ACCOUNT_NAMES = "SELECT name FROM account WHERE name > :after ORDER BY name LIMIT :page"
BALANCE = (
    f"SELECT closed, entries, head, admission, {AMOUNTS}, {LIMITS} FROM account WHERE name = :name {LOCK}"
)
CHARGE = (
    "UPDATE account SET "
    + ", ".join(f"{column} = {column} + :{column}" for column in COLUMNS)
    + ", entries = entries + 1, head = :head WHERE name = :name"
)
CLOSE = "UPDATE account SET closed = 1, entries = entries + 1, head = :head WHERE name = :name"

ENTRY_COLUMNS = f"dataset, number, kind, subject, attempt, {AMOUNTS}, content, hash, signature"
ADD_ENTRY = (
    f"INSERT INTO entry ({ENTRY_COLUMNS}) "
    f"VALUES (:dataset, :number, :kind, :subject, :attempt, {_GIVEN}, :content, :hash, :signature)"
)
ENTRIES = (
    f"SELECT {ENTRY_COLUMNS} FROM entry WHERE dataset = :dataset AND number > :after "
    "ORDER BY number LIMIT :page"
)
NEWEST_ENTRIES = (
    f"SELECT {ENTRY_COLUMNS} FROM entry "
    "WHERE dataset = :dataset AND number > :after AND number < :before ORDER BY number DESC LIMIT :page"
)

_RESERVATION = "r.subject, r.attempt, r.state, r.digest, r.at, r.plan, r.lapses, r.last_digest"
RESERVATION = f"SELECT {_RESERVATION} FROM reservation r WHERE r.subject = :subject {LOCK}"
RELEASES_OF_PLAN = (
    f"SELECT {_RESERVATION} FROM reservation r WHERE r.plan = :subject ORDER BY r.subject {LOCK}"
)
STANDING_RUNS = (
    "SELECT subject FROM reservation WHERE state IN ('held', 'committed') "
    "AND substr(subject, 1, CAST(:length AS integer)) = :begin LIMIT 1"
)
STATES_IN_PLAN = "SELECT DISTINCT state FROM reservation WHERE plan = :subject"
CHARGES = f"SELECT dataset, {AMOUNTS} FROM reservation_charge WHERE subject = :subject ORDER BY dataset"
ADD_RESERVATION = (
    "INSERT INTO reservation (subject, attempt, state, digest, last_digest, at, plan, lapses) "
    "VALUES (:subject, :attempt, :state, :digest, :digest, :at, :plan, :lapses)"
)
RESERVE_AGAIN = (
    "UPDATE reservation SET attempt = :attempt, state = :state, digest = :digest, last_digest = :digest, "
    "at = :at, plan = :plan, lapses = :lapses WHERE subject = :subject"
)
SET_STATE = "UPDATE reservation SET state = :state, last_digest = :digest WHERE subject = :subject"
FORGET_NOTHING = "DELETE FROM reservation_charge WHERE subject = :subject AND " + " AND ".join(
    f"{column} = 0" for column in COLUMNS
)
ADD_TO_RESERVATION = (
    f"INSERT INTO reservation_charge (subject, dataset, {AMOUNTS}) "
    f"VALUES (:subject, :dataset, {_GIVEN}) ON CONFLICT (subject, dataset) DO UPDATE SET "
    + ", ".join(f"{column} = reservation_charge.{column} + excluded.{column}" for column in COLUMNS)
)
ADD_TO_CHARGE = (
    "UPDATE reservation_charge SET "
    + ", ".join(f"{column} = {column} + :{column}" for column in COLUMNS)
    + " WHERE subject = :subject AND dataset = :dataset"
)

_WITH_CHARGES = (
    "SELECT p.subject, p.attempt, p.state, p.digest, p.at, p.plan, p.lapses, p.last_digest, "
    f"c.dataset, {AMOUNTS} FROM (%s) p LEFT JOIN reservation_charge c ON c.subject = p.subject "
    "ORDER BY p.subject, c.dataset"
)
_ALL = f"SELECT {_RESERVATION} FROM reservation r WHERE r.subject > :after%s ORDER BY r.subject LIMIT :page"
_OF_DATASET = (
    f"SELECT {_RESERVATION} FROM reservation_charge k JOIN reservation r ON r.subject = k.subject "
    "WHERE k.dataset = :dataset AND k.subject > :after%s ORDER BY k.subject LIMIT :page"
)
_IN_STATE = " AND r.state = :state"
RESERVATION_WITH_CHARGES = (
    _WITH_CHARGES % f"SELECT {_RESERVATION} FROM reservation r WHERE r.subject = :subject"
)
RESERVATIONS = _WITH_CHARGES % (_ALL % "")
RESERVATIONS_IN_STATE = _WITH_CHARGES % (_ALL % _IN_STATE)
RESERVATIONS_OF_DATASET = _WITH_CHARGES % (_OF_DATASET % "")
RESERVATIONS_OF_PLAN = _WITH_CHARGES % (
    f"SELECT {_RESERVATION} FROM reservation r "
    "WHERE r.plan = :plan AND r.subject > :after ORDER BY r.subject LIMIT :page"
)
RESERVATIONS_OF_DATASET_IN_STATE = _WITH_CHARGES % (_OF_DATASET % _IN_STATE)

PARTS = _WITH_CHARGES.replace(
    "p.subject, p.attempt, p.state, p.digest, p.at, p.plan, p.lapses, p.last_digest, c.dataset",
    "c.dataset, p.subject, p.attempt, p.state, p.digest, p.last_digest, p.at, p.plan, p.lapses",
) % (_ALL % "")
"""The columns as `gatecli.ledger.interface.Part` has them."""

LOG_SIZE = "SELECT coalesce(max(place) + 1, 0) FROM log"
SEQUENCE = """
INSERT INTO log (place, dataset, number)
SELECT (SELECT coalesce(max(place), -1) FROM log) + row_number() OVER (ORDER BY e.dataset, e.number),
       e.dataset, e.number
FROM (SELECT a.name, a.entries,
             coalesce((SELECT max(l.number) FROM log l WHERE l.dataset = a.name), -1) AS last
      FROM account a) s
JOIN entry e ON e.dataset = s.name AND e.number > s.last
WHERE s.entries > s.last + 1
"""
LOG = (
    "SELECT "
    + ", ".join(f"e.{column}" for column in ENTRY_COLUMNS.split(", "))
    + ", l.place FROM log l JOIN entry e ON e.dataset = l.dataset AND e.number = l.number "
    "WHERE l.place > :after AND l.place < :stop ORDER BY l.place LIMIT :page"
)

ADD_PLACE = "INSERT INTO log (place, dataset, number) VALUES (:place, :dataset, :number)"
RESTORE_ACCOUNT = (
    f"INSERT INTO account (name, admission, closed, entries, head, {AMOUNTS}, {LIMITS}) "
    f"VALUES (:name, :admission, :closed, :entries, :head, {_GIVEN}, {_GIVEN_LIMITS})"
)
RESTORE_RESERVATION = (
    "INSERT INTO reservation (subject, attempt, state, digest, last_digest, at, plan, lapses) "
    "VALUES (:subject, :attempt, :state, :digest, :last_digest, :at, :plan, :lapses)"
)

CHECKPOINT = "SELECT 1 FROM checkpoint WHERE size = :size AND note = :note"
ADD_CHECKPOINT = "INSERT INTO checkpoint (size, at, note) VALUES (:size, :at, :note)"
CHECKPOINTS = (
    "SELECT size, at, note, id FROM checkpoint WHERE (size, id) > (:size, :id) ORDER BY size, id LIMIT :page"
)

_SUMS = ", ".join(f"CAST(sum({column}) AS bigint) AS {column}" for column in COLUMNS)
SUMS = (
    "SELECT s.last, e.content, "
    + ", ".join(f"s.{column}" for column in COLUMNS)
    + f" FROM (SELECT max(number) AS last, {_SUMS} FROM entry WHERE dataset = :dataset AND number > :after "
    "GROUP BY number / CAST(:width AS bigint)) s "
    "JOIN entry e ON e.dataset = :dataset AND e.number = s.last ORDER BY s.last"
)

STATE_COUNTS = "SELECT state, count(*) FROM reservation GROUP BY state ORDER BY state"
LAPSED_COUNTS = (
    "SELECT c.dataset, count(*) FROM reservation r JOIN reservation_charge c ON c.subject = r.subject "
    "LEFT JOIN reservation p ON p.subject = r.plan AND p.state = 'held' AND p.lapses < :today "
    "WHERE r.state = 'held' AND r.lapses < :today AND p.subject IS NULL "
    "GROUP BY c.dataset ORDER BY c.dataset"
)
REFUSAL_COUNTS = "SELECT rule, refusals FROM refusal ORDER BY rule"
NOTE_REFUSAL = (
    "INSERT INTO refusal (rule, refusals, last_at) VALUES (:rule, 1, :at) "
    "ON CONFLICT (rule) DO UPDATE SET refusals = refusal.refusals + 1, last_at = excluded.last_at"
)
