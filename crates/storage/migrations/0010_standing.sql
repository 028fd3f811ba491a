-- Who vouches for what an account says, and who acts through it.

-- The external id was given by the person at registration, and nobody else has confirmed it: it identifies nobody, and
-- keeps nobody else from having it.
ALTER TABLE users ADD COLUMN external_id_claimed BOOLEAN NOT NULL DEFAULT FALSE;
DROP INDEX users_external_id;
CREATE UNIQUE INDEX users_external_id ON users (tenant_id, external_id) WHERE NOT external_id_claimed;

CREATE INDEX sessions_impersonator ON sessions (tenant_id, impersonator) WHERE impersonator IS NOT NULL;
