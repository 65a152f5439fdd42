-- Browsers and addresses that the owner logged in from: the failures of strangers do not
-- make them wait. A browser is known by the SHA-256 of the secret in its cookie.
CREATE TABLE known_clients (
    kind           TEXT    NOT NULL CHECK (kind IN ('browser', 'address')),
    identity       BLOB    NOT NULL,
    last_login_at  INTEGER NOT NULL,
    PRIMARY KEY (kind, identity)
) STRICT, WITHOUT ROWID;

INSERT INTO known_clients (kind, identity, last_login_at)
    SELECT 'address', CAST(address AS BLOB), max(created_at) FROM sessions
    WHERE address IS NOT NULL GROUP BY address;

-- The last login from a new place that the owner knows of, by its number in the audit log.
ALTER TABLE account ADD COLUMN known_logins INTEGER NOT NULL DEFAULT 0;

-- The token that made this one, which ends with it.
ALTER TABLE tokens ADD COLUMN made_by INTEGER;
