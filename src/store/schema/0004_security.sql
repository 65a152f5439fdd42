-- Who may send alerts, who may use the API, and what was done with it.

-- Settings of the whole server as JSON, by name.
CREATE TABLE server_settings (
    name   TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys that signed the client certificate of an alert that TradingView is
-- believed to have sent; the owner confirms one by pinning it.
CREATE TABLE issuers (
    -- SHA-256 of the key, in hexadecimal digits.
    fingerprint  TEXT PRIMARY KEY,
    -- SubjectPublicKeyInfo, as DER.
    public_key   BLOB    NOT NULL,
    -- Whose key it is, as its certificate says.
    name         TEXT    NOT NULL,
    seen_at      INTEGER NOT NULL,
    pinned_at    INTEGER
) STRICT, WITHOUT ROWID;

-- How a delivery showed that TradingView sent it: 'address' or 'certificate'.
ALTER TABLE events ADD COLUMN verified TEXT;

CREATE TRIGGER server_settings_inserted AFTER INSERT ON server_settings
BEGIN UPDATE catalog SET revision = revision + 1; END;
CREATE TRIGGER server_settings_updated AFTER UPDATE ON server_settings
BEGIN UPDATE catalog SET revision = revision + 1; END;
CREATE TRIGGER issuers_inserted AFTER INSERT ON issuers
BEGIN UPDATE catalog SET revision = revision + 1; END;
CREATE TRIGGER issuers_updated AFTER UPDATE ON issuers
BEGIN UPDATE catalog SET revision = revision + 1; END;
CREATE TRIGGER issuers_deleted AFTER DELETE ON issuers
BEGIN UPDATE catalog SET revision = revision + 1; END;

-- What a token may do: 'write' everything, 'read' look, 'test' send test alerts.
ALTER TABLE tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'write';

-- From where a session was begun, and in which browser.
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;

-- The second factor: a secret that is on once confirmed; the last time step whose
-- code was used, so that no code is good twice.
CREATE TABLE second_factor (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    secret        BLOB    NOT NULL,
    confirmed_at  INTEGER,
    last_step     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Codes for the loss of the second factor, each good once; SHA-256.
CREATE TABLE recovery_codes (
    code_hash  BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What was done that concerns security, the last ten thousand of it.
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    -- Who: 'owner', a token's id, 'command line', or 'stranger'.
    actor    TEXT    NOT NULL,
    address  TEXT,
    action   TEXT    NOT NULL,
    subject  TEXT
) STRICT;
