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
