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
    trusted_until BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE UNIQUE INDEX devices_mark ON devices (tenant_id, user_id, mark);
CREATE INDEX devices_last_seen ON devices (last_seen_at);

-- Null, or of a device that was forgotten meanwhile.
ALTER TABLE sessions ADD COLUMN device_id UUID;
CREATE INDEX sessions_device ON sessions (tenant_id, device_id) WHERE device_id IS NOT NULL;
