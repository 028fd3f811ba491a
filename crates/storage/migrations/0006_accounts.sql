-- Passwords that may not be used again.

-- Hashes of former passwords, as many for each user as the tenant's policy remembers.
CREATE TABLE former_passwords (
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    hash TEXT NOT NULL,
    retired_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);

-- Files of users that are imported. status: receiving (until lease_until plus an hour, then forgotten),
-- running (whoever works on it moves lease_until ahead; position is what is done, in the unit that does it),
-- done, failed. starter says on whose behalf; header names the columns of a CSV file.
CREATE TABLE user_imports (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    id UUID NOT NULL,
    status TEXT NOT NULL,
    options JSONB NOT NULL,
    starter JSONB NOT NULL,
    header JSONB,
    bytes BIGINT NOT NULL,
    position BIGINT NOT NULL,
    line BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX user_imports_running ON user_imports (lease_until) WHERE status = 'running';

-- The file, in sealed pieces of one size: it may hold hashes and passwords. Dropped when the import ends.
CREATE TABLE user_import_chunks (
    tenant_id UUID NOT NULL,
    import_id UUID NOT NULL,
    number BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, import_id, number),
    FOREIGN KEY (tenant_id, import_id) REFERENCES user_imports (tenant_id, id)
);

-- What was wrong with records, by line; never a value of theirs.
CREATE TABLE user_import_errors (
    tenant_id UUID NOT NULL,
    import_id UUID NOT NULL,
    line BIGINT NOT NULL,
    field TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (tenant_id, import_id, line, field, code),
    FOREIGN KEY (tenant_id, import_id) REFERENCES user_imports (tenant_id, id)
);
