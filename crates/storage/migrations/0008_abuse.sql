-- What a tenant lets accounts hold, and what strangers pay for registering.

-- The JSON Schema of a tenant's custom attributes.
CREATE TABLE attribute_schemas (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    schema JSONB NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);

-- The administrator whose session it is, who acts as its user.
ALTER TABLE sessions ADD COLUMN impersonator UUID;

-- Puzzles that were solved and used, until they would have expired anyway.
CREATE TABLE spent_puzzles (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    hash BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX spent_puzzles_expires ON spent_puzzles (expires_at);
