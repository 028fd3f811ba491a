-- What the gate keeps: quotas where there is no Redis, and routes and upstreams made through the API.

-- What is used up of a quota in one period of the calendar, or set aside for a node to hand out. key is a
-- hash of the limit and of who is counted.
CREATE TABLE quotas (
    key TEXT NOT NULL,
    starts BIGINT NOT NULL,
    ends BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (key, starts)
);
CREATE INDEX quotas_ends ON quotas (ends);

-- Numbered without gaps. number is the order in which they were made.
CREATE TABLE gateway_revisions (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    author_kind TEXT NOT NULL,
    author_id UUID,
    reason TEXT NOT NULL,
    restores BIGINT
);

-- What a revision changed: the document before and after; null where there was or is none.
CREATE TABLE gateway_changes (
    number BIGINT NOT NULL REFERENCES gateway_revisions (number),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    was JSONB,
    becomes JSONB,
    PRIMARY KEY (number, kind, name)
);
CREATE INDEX gateway_changes_of ON gateway_changes (kind, name, number);

-- What is in force: every route and upstream that was made, with the revision that made it so.
CREATE TABLE gateway_documents (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    document JSONB NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);
