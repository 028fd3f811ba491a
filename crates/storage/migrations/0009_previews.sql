-- Looks of pages that are tried out.

-- document: as in brandings. hash: keyed hash of the link's token.
CREATE TABLE branding_previews (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    id UUID NOT NULL,
    hash BYTEA NOT NULL,
    document JSONB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX branding_previews_hash ON branding_previews (tenant_id, hash);
CREATE INDEX branding_previews_expires ON branding_previews (expires_at);

-- Images that are others than on the live pages, as in branding_images.
CREATE TABLE branding_preview_images (
    tenant_id UUID NOT NULL,
    preview_id UUID NOT NULL,
    place TEXT NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, preview_id, place),
    FOREIGN KEY (tenant_id, preview_id) REFERENCES branding_previews (tenant_id, id) ON DELETE CASCADE
);
