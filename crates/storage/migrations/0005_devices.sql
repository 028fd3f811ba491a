-- What people log in with.

-- A device of one user, recognised by mark: the keyed hash of the cookie that the browser keeps (browser is
-- true), or of program and network where there is none. The hash is different for each user of a browser, so
-- that rows say nothing about who shares one.
CREATE TABLE devices (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    mark BYTEA NOT NULL,
    browser BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    ip TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    trusted_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE UNIQUE INDEX devices_mark ON devices (tenant_id, user_id, mark);
CREATE INDEX devices_last_seen ON devices (last_seen_at);

-- Null, or of a device that was forgotten meanwhile.
ALTER TABLE sessions ADD COLUMN device_id UUID;
CREATE INDEX sessions_device ON sessions (tenant_id, device_id) WHERE device_id IS NOT NULL;

-- What authenticators know a person by (WebAuthn: the user handle). Random: it says nothing elsewhere.
CREATE TABLE passkey_handles (
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    handle UUID NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE UNIQUE INDEX passkey_handles_handle ON passkey_handles (tenant_id, handle);

-- Keys that people sign in with. rp_id is the host that a key is bound to. credential is the public key and what
-- was learned about it; counter is its signature counter, 0 for keys that have none. synced: the key may be on
-- several devices.
CREATE TABLE passkeys (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    credential_id BYTEA NOT NULL,
    rp_id TEXT NOT NULL,
    name TEXT NOT NULL,
    credential JSONB NOT NULL,
    counter BIGINT NOT NULL,
    synced BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (tenant_id, credential_id);
CREATE INDEX passkeys_user ON passkeys (tenant_id, user_id);

-- Registrations and logins under way. Single use: consumed by the statement that deletes the row. hash is the
-- keyed hash of what whoever began it was given, sealed the challenge and what is to be checked.
CREATE TABLE passkey_ceremonies (
    tenant_id UUID NOT NULL,
    hash BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    user_id UUID,
    session_id UUID,
    rp_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE INDEX passkey_ceremonies_expires ON passkey_ceremonies (expires_at);
