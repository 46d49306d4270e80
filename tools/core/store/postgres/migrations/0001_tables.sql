-- The tables of the bus. Bytes are the truth: a record is its line exactly as a file would have it, a document
-- the file's bytes. Every other column of teof.records is derived from the line by the server.

CREATE TABLE teof.settings (name text PRIMARY KEY, value text NOT NULL);
INSERT INTO teof.settings VALUES ('flush', 'after');
COMMENT ON TABLE teof.settings IS 'flush: whether a commit is flushed after the lock is free, or within it';

CREATE TABLE teof.buses (
  bus integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL UNIQUE,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('filling', 'open', 'sealed')),
  head bigint NOT NULL DEFAULT 0,
  token text NOT NULL
);
COMMENT ON TABLE teof.buses IS 'One row a bus. Its row is the lock of all writers; head is the seq of the last record';

CREATE TABLE teof.streams (
  bus integer NOT NULL REFERENCES teof.buses ON DELETE CASCADE,
  stream text NOT NULL,
  lines bigint NOT NULL DEFAULT 0,
  records bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  hash text NOT NULL DEFAULT '',
  moment bigint,
  ended boolean NOT NULL DEFAULT true,
  PRIMARY KEY (bus, stream)
);
COMMENT ON COLUMN teof.streams.hash IS 'of the last line that is not blank, as the next record carries it in prev';
COMMENT ON COLUMN teof.streams.ended IS 'false where the last line has no line end yet';

CREATE TABLE teof.records (
  bus integer NOT NULL REFERENCES teof.buses,
  seq bigint NOT NULL,
  stream text NOT NULL,
  number bigint NOT NULL,
  start bigint NOT NULL,
  raw bytea NOT NULL,
  kind text,
  agent text,
  id text,
  at bigint,
  moment bigint,
  task text,
  target text,
  reply_to text,
  severity text,
  subject text,
  decision text,
  plan text,
  claims boolean,
  cites boolean,
  writer text NOT NULL,
  arrived timestamptz NOT NULL,
  PRIMARY KEY (bus, seq)
);
COMMENT ON COLUMN teof.records.kind IS 'NULL for a line that is no record, and for one whose id the stream had before';
COMMENT ON COLUMN teof.records.moment IS 'at, where that was credible when the record came, else that of the record before';
ALTER TABLE teof.records ALTER COLUMN raw SET STORAGE MAIN;

CREATE UNIQUE INDEX by_line ON teof.records (bus, stream, number);
CREATE UNIQUE INDEX by_id ON teof.records (bus, id, stream) WHERE id IS NOT NULL;
CREATE INDEX by_agent ON teof.records (bus, agent, kind, moment, seq) WHERE kind IS NOT NULL;
CREATE INDEX by_task ON teof.records (bus, task, moment, seq) WHERE kind IS NOT NULL AND stream = 'events';
CREATE INDEX by_time ON teof.records (bus, moment, seq) WHERE kind IS NOT NULL AND stream = 'events';
CREATE INDEX by_message ON teof.records (bus, moment, seq) WHERE kind IS NOT NULL AND stream <> 'events';
CREATE INDEX by_thread ON teof.records (bus, stream, moment, seq) WHERE kind IS NOT NULL AND stream <> 'events';
CREATE INDEX by_severity ON teof.records (bus, severity, moment, seq) WHERE severity IS NOT NULL;
CREATE INDEX by_subject ON teof.records (bus, subject, moment, seq) WHERE subject IS NOT NULL;
CREATE INDEX by_reply ON teof.records (bus, reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX by_decision ON teof.records (bus, seq) WHERE decision IS NOT NULL;
CREATE INDEX by_plan ON teof.records (bus, plan, seq) WHERE plan IS NOT NULL;
CREATE INDEX by_claim ON teof.records (bus, task, seq) WHERE claims;
CREATE INDEX by_receipt ON teof.records (bus, at) WHERE cites;
CREATE INDEX by_fault ON teof.records (bus, stream, number) WHERE kind IS NULL;

CREATE TABLE teof.voices (
  bus integer NOT NULL REFERENCES teof.buses ON DELETE CASCADE,
  agent text NOT NULL,
  kind text NOT NULL,
  last bigint,
  PRIMARY KEY (bus, agent, kind)
);
COMMENT ON TABLE teof.voices IS 'Which kinds of records each agent ever wrote, and the seq of the last of its events';

CREATE TABLE teof.waiting (
  bus integer NOT NULL REFERENCES teof.buses ON DELETE CASCADE,
  seq bigint NOT NULL,
  id text,
  agent text NOT NULL,
  task text NOT NULL,
  target text,
  moment bigint,
  PRIMARY KEY (bus, seq)
);
COMMENT ON TABLE teof.waiting IS 'Requests and directives that have no reply';
CREATE INDEX waiting_by_id ON teof.waiting (bus, id);

CREATE TABLE teof.documents (
  bus integer NOT NULL REFERENCES teof.buses ON DELETE CASCADE,
  name text NOT NULL,
  version text NOT NULL,
  content bytea NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (bus, name)
);

CREATE TABLE teof.names (
  bus integer NOT NULL REFERENCES teof.buses ON DELETE CASCADE,
  folded text NOT NULL,
  name text NOT NULL,
  PRIMARY KEY (bus, folded)
);
COMMENT ON TABLE teof.names IS 'So that no two streams or documents differ only in case';

CREATE TABLE teof.seats (
  role text NOT NULL,
  pattern text NOT NULL,
  PRIMARY KEY (role, pattern)
);
COMMENT ON TABLE teof.seats IS 'Which agents a login role may write for; a role without a row may write for any';

CREATE FUNCTION teof.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM teof.buses WHERE bus = OLD.bus AND state = 'filling') THEN
    RETURN OLD; -- a move that did not come to its end is begun anew
  END IF;
  RAISE EXCEPTION 'records are never changed or removed' USING ERRCODE = 'TE009';
END $$;

CREATE TRIGGER records_stay BEFORE UPDATE OR DELETE ON teof.records
  FOR EACH ROW EXECUTE FUNCTION teof.refuse_change();

CREATE FUNCTION teof.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'records are never changed or removed' USING ERRCODE = 'TE009';
END $$;

CREATE TRIGGER records_stay_whole BEFORE TRUNCATE ON teof.records
  FOR EACH STATEMENT EXECUTE FUNCTION teof.refuse_truncate();
