-- Second factors, and logins that wait for one.

-- With what the person proved who they are: words of RFC 8176, space separated.
ALTER TABLE sessions ADD COLUMN amr TEXT NOT NULL DEFAULT 'pwd';

-- What a person has beside a password. kind: totp (sealed is the secret, last_step the last time step whose
-- code was used) or sms (phone). Not asked for until confirmed_at. code_hash is of the code that confirms a
-- phone, which may be guessed at attempts_left times more until code_expires_at.
CREATE TABLE factors (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA,
    phone TEXT,
    last_step BIGINT NOT NULL,
    code_hash BYTEA,
    attempts_left BIGINT NOT NULL,
    code_expires_at BIGINT,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE INDEX factors_user ON factors (tenant_id, user_id);
CREATE INDEX factors_unconfirmed ON factors (created_at) WHERE confirmed_at IS NULL;

-- Single use: consumed by the statement that sets used_at. hash is a keyed hash, bound to the user.
CREATE TABLE backup_codes (
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, user_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);

-- A second proof that is waited for. Single use: consumed by the statement that sets used_at; may be answered
-- attempts_left times more, each counted before it is looked at. hash is the keyed hash of its id. amr is what
-- was proved before, password the keyed hash of the password's hash that was verified, account and source
-- whose failures are forgotten when it succeeds. device is the keyed hash of the program that asked. code_hash is
-- of the code that was sent last. enrol: the person must, and has no factor; factor_id is the one they begin with.
CREATE TABLE challenges (
    tenant_id UUID NOT NULL,
    hash BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    user_id UUID NOT NULL,
    session_id UUID,
    amr TEXT NOT NULL,
    acr TEXT,
    password BYTEA,
    account BYTEA,
    source BYTEA,
    device BYTEA NOT NULL,
    remember BOOLEAN NOT NULL,
    scope TEXT NOT NULL,
    set_cookie BOOLEAN NOT NULL,
    code_hash BYTEA,
    enrol BOOLEAN NOT NULL,
    factor_id UUID,
    attempts_left BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE INDEX challenges_user ON challenges (tenant_id, user_id) WHERE used_at IS NULL;
CREATE INDEX challenges_expires ON challenges (expires_at);
