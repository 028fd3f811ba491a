-- How a tenant's pages look.

-- document: colours, texts, links and the rest that is no image. revision rises with every change, and stays
-- when everything goes back to the default.
CREATE TABLE brandings (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    revision BIGINT NOT NULL,
    document JSONB NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);

-- Images by their place on the page. hash: the first half of SHA-256, in hex; it is part of the address.
CREATE TABLE branding_images (
    tenant_id UUID NOT NULL REFERENCES tenants (id),
    place TEXT NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    content BYTEA NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, place)
);
