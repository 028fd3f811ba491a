-- The first schema. Written once for both databases; see store/dialect.rs for what is replaced.
-- Times are BIGINT microseconds since the Unix epoch, UTC. Secrets are stored hashed or sealed only.

-- Facts about the installation itself, such as the check value of the master key.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

-- Numbered changes that every node follows. Pruned once no node can need them.
CREATE TABLE feed (
    seq SEQUENCE PRIMARY KEY,
    tenant_id UUID NOT NULL,
    kind TEXT NOT NULL,
    payload JSONB NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE tenants (
    id UUID PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    settings JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- A host belongs to one tenant; lower case, no port.
CREATE TABLE tenant_hosts (
    host TEXT PRIMARY KEY,
    tenant_id UUID NOT NULL REFERENCES tenants (id)
);

-- email and username are normalised before they are stored.
CREATE TABLE users (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    email TEXT,
    email_verified_at BIGINT,
    username TEXT,
    display_name TEXT,
    company_name TEXT,
    phone TEXT,
    external_id TEXT,
    attributes JSONB NOT NULL,
    password_hash TEXT,
    password_changed_at BIGINT,
    standing_changed_at BIGINT,
    last_login_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX users_email ON users (tenant_id, email);
CREATE UNIQUE INDEX users_username ON users (tenant_id, username);
CREATE UNIQUE INDEX users_external_id ON users (tenant_id, external_id);
CREATE INDEX users_created ON users (tenant_id, created_at, id);
CREATE INDEX users_standing ON users (standing_changed_at) WHERE standing_changed_at IS NOT NULL;

-- grants: array of permission texts; inherits: array of role names of the same tenant.
CREATE TABLE roles (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    builtin BOOLEAN NOT NULL,
    grants JSONB NOT NULL,
    inherits JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX roles_name ON roles (tenant_id, name);

CREATE TABLE user_roles (
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    role_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
    FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id)
);
CREATE INDEX user_roles_role ON user_roles (tenant_id, role_id);

-- One login, and the family of refresh tokens that grows from it.
CREATE TABLE sessions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    cookie_hash BYTEA,
    remember BOOLEAN NOT NULL,
    scope TEXT NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_reason TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE INDEX sessions_user ON sessions (tenant_id, user_id) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX sessions_cookie ON sessions (tenant_id, cookie_hash) WHERE cookie_hash IS NOT NULL;
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX sessions_expires ON sessions (expires_at);

-- Single use: consumed by the statement that sets used_at.
CREATE TABLE refresh_tokens (
    tenant_id UUID NOT NULL,
    hash BYTEA NOT NULL,
    session_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id)
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (tenant_id, session_id);
CREATE INDEX refresh_tokens_expires ON refresh_tokens (expires_at);

-- Access tokens denied one by one, until they would have expired anyway.
CREATE TABLE denied_tokens (
    tenant_id UUID NOT NULL,
    jti UUID NOT NULL,
    denied_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, jti)
);
CREATE INDEX denied_tokens_expires ON denied_tokens (expires_at);

-- user_id is null for a key of the tenant itself; permissions is null for all that the owner may.
CREATE TABLE api_keys (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    id UUID NOT NULL,
    user_id UUID,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BYTEA NOT NULL,
    permissions JSONB,
    networks JSONB NOT NULL,
    limits JSONB NOT NULL,
    created_by UUID,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    rotated_to UUID,
    revoked_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE UNIQUE INDEX api_keys_hash ON api_keys (tenant_id, hash);
CREATE INDEX api_keys_user ON api_keys (tenant_id, user_id);

-- status: active (signs), retiring (verifies until retire_at), retired. Private keys are sealed.
CREATE TABLE signing_keys (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    kid TEXT NOT NULL,
    alg TEXT NOT NULL,
    status TEXT NOT NULL,
    public_jwk JSONB NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retire_at BIGINT,
    PRIMARY KEY (tenant_id, kid)
);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (tenant_id) WHERE status = 'active';

-- Failed logins by account and source. Both are keyed hashes, so that unknown accounts cost and
-- leave the same as known ones and nothing personal is kept here.
CREATE TABLE login_failures (
    tenant_id UUID NOT NULL,
    account BYTEA NOT NULL,
    source BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    locked_until BIGINT,
    PRIMARY KEY (tenant_id, account, source)
);
CREATE INDEX login_failures_last ON login_failures (last_at);

-- Append-only. seq and hash are set once, by the sealer, within a second of the row.
CREATE TABLE audit_log (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id UUID,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT,
    outcome TEXT NOT NULL,
    ip TEXT,
    request_id TEXT,
    details JSONB NOT NULL,
    seq BIGINT,
    hash BYTEA,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX audit_log_seq ON audit_log (tenant_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX audit_log_unsealed ON audit_log (tenant_id, at, id) WHERE seq IS NULL;
CREATE INDEX audit_log_at ON audit_log (tenant_id, at, id);

-- What the chain was, signed: proves that the end was not cut off.
CREATE TABLE audit_checkpoints (
    tenant_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    at BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
