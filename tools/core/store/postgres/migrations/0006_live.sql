-- serves 5
-- What readers of live claims ask of a document, derived from its bytes, so that finished ones are not opened.

ALTER TABLE teof.documents ADD COLUMN state text, ADD COLUMN ended bigint;
COMMENT ON COLUMN teof.documents.state IS 'of a claim; NULL for one that cannot be read, which a reader judges itself; empty for any other document';
COMMENT ON COLUMN teof.documents.ended IS 'the second at which a claim ended, by its own stamps; 0 where it has none';

CREATE FUNCTION teof.claim_in(given text, bytes bytea) RETURNS json LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  -- the object of a claim; NULL for what strict JSON would refuse
  SELECT object FROM (SELECT teof.object_in(bytes) AS object WHERE starts_with(given, 'claims/')) AS claim
  WHERE (SELECT count(*) = count(DISTINCT key) FROM json_object_keys(object) AS keys (key))
$$;

CREATE FUNCTION teof.state_in(claim json) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN claim IS NULL THEN NULL WHEN json_typeof(claim -> 'status') IS DISTINCT FROM 'string' THEN 'active'
    ELSE CASE lower(claim ->> 'status') WHEN 'paused' THEN 'paused' WHEN 'released' THEN 'released'
      WHEN 'done' THEN 'done' WHEN 'closed' THEN 'done' WHEN 'cancelled' THEN 'done' WHEN 'abandoned' THEN 'done'
      ELSE 'active' END END
$$;

CREATE FUNCTION teof.end_in(claim json) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN claim IS NOT NULL THEN coalesce(teof.second_of(claim ->> 'released_at'),
    teof.second_of(claim ->> 'updated_at'), teof.second_of(claim ->> 'claimed_at'), 0) END
$$;

CREATE OR REPLACE FUNCTION teof.put_document(which integer, given text, bytes bytea, nth bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO teof.documents (bus, name, version, content, seq, state, ended)
    SELECT which, given, encode(sha256(bytes), 'hex'), bytes, nth,
      CASE WHEN starts_with(given, 'claims/') THEN teof.state_in(claim) ELSE '' END, teof.end_in(claim)
    FROM (SELECT teof.claim_in(given, bytes) AS claim) AS derived
  ON CONFLICT (bus, name) DO UPDATE SET version = excluded.version, content = excluded.content, seq = excluded.seq,
    state = excluded.state, ended = excluded.ended
$$;

REVOKE ALL ON FUNCTION teof.claim_in(text, bytea), teof.state_in(json), teof.end_in(json) FROM PUBLIC;

UPDATE teof.documents SET
  state = CASE WHEN starts_with(name, 'claims/') THEN teof.state_in(teof.claim_in(name, content)) ELSE '' END,
  ended = teof.end_in(teof.claim_in(name, content));

CREATE INDEX by_end ON teof.documents (bus, ended DESC, name) WHERE state IN ('released', 'done');
CREATE INDEX by_state ON teof.documents (bus, state, name);
