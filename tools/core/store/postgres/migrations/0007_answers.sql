-- serves 5
-- A request is answered by those who have a say in it: its addressee and its sender, who held or gave out its task, and managers.

ALTER TABLE teof.records ADD COLUMN party text;
COMMENT ON COLUMN teof.records.party IS 'whom an event gives a say: the holder in its claim, who assigned its task, a manager by its handshake';
ALTER TYPE teof.fields ADD ATTRIBUTE party text;
CREATE INDEX by_party ON teof.records (bus, task, party) WHERE party IS NOT NULL;
CREATE INDEX waiting_by_task ON teof.waiting (bus, task);

CREATE OR REPLACE FUNCTION teof.fields_of(stream text, raw bytea) RETURNS teof.fields LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  object json := teof.object_in(raw);
  meta json;
  fields teof.fields;
  is_event boolean := stream = 'events';
BEGIN
  IF object IS NULL OR NOT (teof.is_text(object -> 'agent_id') OR teof.is_text(object -> 'from'))
    OR NOT (teof.is_text(object -> 'event') OR teof.is_text(object -> 'type'))
    OR NOT teof.is_text(object -> 'ts') OR json_typeof(object -> 'summary') IS DISTINCT FROM 'string' THEN
    RETURN NULL;
  END IF;
  IF is_event THEN
    fields.agent := teof.first_of(object -> 'agent_id', object -> 'from');
    fields.kind := teof.first_of(object -> 'event', object -> 'type');
  ELSE
    fields.agent := teof.first_of(object -> 'from', object -> 'agent_id');
    fields.kind := teof.first_of(object -> 'type', object -> 'event');
  END IF;
  fields.id := nullif(teof.text_of(object -> 'id'), '');
  fields.at := teof.second_of(object ->> 'ts');
  fields.task := coalesce(nullif(teof.first_of(object -> 'task_id', object -> 'task'), ''),
    CASE WHEN is_event THEN '' ELSE split_part(stream, '/', 2) END);
  fields.target := nullif(teof.text_of(object -> 'to'), '');
  fields.reply_to := nullif(teof.text_of(object -> 'reply_to'), '');
  fields.severity := nullif(teof.text_of(object -> 'severity'), '');
  fields.plan := CASE WHEN is_event AND fields.id IS NOT NULL THEN nullif(teof.text_of(object -> 'plan_id'), '') END;
  fields.claims := nullif(is_event AND coalesce(json_typeof(object -> 'claim') = 'object', false), false);
  fields.cites := nullif(object -> 'receipts' IS NOT NULL OR object -> 'receipt' IS NOT NULL, false);
  meta := CASE WHEN json_typeof(object -> 'meta') = 'object' THEN object -> 'meta' END;
  IF is_event AND fields.kind IN ('retired', 'revived') THEN
    fields.subject := coalesce(nullif(teof.text_of(coalesce(meta -> 'agent', object -> 'agent')), ''), fields.agent);
  END IF;
  IF is_event AND json_typeof(object -> 'claim') = 'object' THEN
    fields.party := nullif(teof.text_of(object -> 'claim' -> 'agent_id'), '');
  ELSIF is_event AND (fields.kind = 'assign' OR fields.kind = 'handshake' AND 'manager' = ANY (string_to_array(replace(
    concat(teof.text_of(coalesce(meta -> 'roles', object -> 'roles')), ',',
      teof.text_of(coalesce(meta -> 'focus', object -> 'focus'))), ' ', ','), ','))) THEN
    fields.party := fields.agent;
  END IF;
  fields.decision := nullif(teof.first_of(coalesce(meta -> 'decision_id', object -> 'decision_id'),
    coalesce(meta -> 'decision', object -> 'decision')), '');
  RETURN fields;
END $$;

CREATE FUNCTION teof.may_answer(asked teof.waiting, who text, answered bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  -- a request to nobody is answered by anybody, unless others than who asked had its task by then
  SELECT who = asked.agent OR who IS NOT DISTINCT FROM asked.target
    OR EXISTS (SELECT 1 FROM teof.records WHERE bus = asked.bus AND task = asked.task AND party = who)
    OR EXISTS (SELECT 1 FROM teof.records WHERE bus = asked.bus AND agent = who AND kind = 'handshake' AND party = who)
    OR (asked.target IS NULL AND NOT EXISTS (SELECT 1 FROM teof.records WHERE bus = asked.bus AND task = asked.task
      AND party <> asked.agent AND kind <> 'handshake' AND moment <= greatest(asked.moment, answered)))
$$;

CREATE FUNCTION teof.is_answered(asked teof.waiting) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM teof.records AS reply WHERE reply.bus = asked.bus AND reply.reply_to = asked.id
    AND reply.task = asked.task AND teof.may_answer(asked, reply.agent, coalesce(reply.moment, 0)))
$$;

CREATE OR REPLACE FUNCTION teof.append_line(
  which integer, here teof.streams, nth bigint, line bytea, ended boolean, readable boolean, latest bigint
) RETURNS teof.streams LANGUAGE plpgsql AS $$
-- Puts one line behind a stream; returns the stream's row as it is then. The caller writes that row.
DECLARE
  fields teof.fields;
  bare bytea := CASE WHEN length(line) > 0 AND get_byte(line, length(line) - 1) = 13 THEN substr(line, 1, length(line) - 1) ELSE line END;
  is_blank boolean := btrim(bare, '\x090a0b0c0d20'::bytea) = ''::bytea;
  start bigint := here.bytes;
BEGIN
  IF readable AND NOT is_blank THEN
    fields := teof.fields_of(here.stream, bare);
  END IF;
  here.lines := here.lines + 1;
  here.bytes := here.bytes + length(line) + ended::integer;
  here.ended := ended;
  IF NOT is_blank THEN
    here.hash := substr(encode(sha256(bare), 'hex'), 1, 16);
  END IF;
  IF fields.kind IS NOT NULL THEN
    IF fields.at IS NOT NULL AND fields.at <= latest THEN
      here.moment := fields.at;
    END IF;
    IF fields.id IS NOT NULL
      AND EXISTS (SELECT 1 FROM teof.records WHERE bus = which AND id = fields.id AND stream = here.stream) THEN
      fields := NULL;
    ELSE
      here.records := here.records + 1;
    END IF;
  END IF;
  INSERT INTO teof.records VALUES (which, nth, here.stream, here.lines, start, line, fields.kind, fields.agent, fields.id,
    fields.at, CASE WHEN fields.kind IS NOT NULL THEN coalesce(here.moment, 0) END, fields.task, fields.target, fields.reply_to, fields.severity,
    fields.subject, fields.decision, fields.plan, fields.claims, fields.cites, session_user, clock_timestamp(), fields.party);
  IF fields.kind IS NOT NULL THEN
    IF here.stream = 'events' THEN
      INSERT INTO teof.voices VALUES (which, fields.agent, fields.kind, nth)
        ON CONFLICT (bus, agent, kind) DO UPDATE SET last = excluded.last;
    ELSE
      INSERT INTO teof.voices VALUES (which, fields.agent, fields.kind) ON CONFLICT DO NOTHING;
    END IF;
    IF fields.reply_to IS NOT NULL THEN
      DELETE FROM teof.waiting AS asked WHERE bus = which AND id = fields.reply_to AND task = fields.task
        AND teof.may_answer(asked, fields.agent, coalesce(here.moment, 0));
    END IF;
    IF here.stream <> 'events' AND fields.kind IN ('request', 'directive') THEN
      INSERT INTO teof.waiting
        VALUES (which, nth, fields.id, fields.agent, fields.task, fields.target, coalesce(here.moment, 0));
      DELETE FROM teof.waiting AS asked WHERE bus = which AND seq = nth AND teof.is_answered(asked);
    END IF;
    IF fields.party IS NOT NULL AND (fields.kind <> 'handshake' OR NOT EXISTS (SELECT 1 FROM teof.records
      WHERE bus = which AND agent = fields.agent AND kind = 'handshake' AND party IS NOT NULL AND seq < nth)) THEN
      DELETE FROM teof.waiting AS asked
        WHERE bus = which AND (task = fields.task OR fields.kind = 'handshake') AND teof.is_answered(asked);
    END IF;
  END IF;
  RETURN here;
END $$;

REVOKE ALL ON FUNCTION teof.may_answer(teof.waiting, text, bigint), teof.is_answered(teof.waiting) FROM PUBLIC;

UPDATE teof.records SET party = (teof.fields_of(stream, raw)).party
  WHERE kind IS NOT NULL AND stream = 'events' AND (claims OR kind IN ('assign', 'handshake'));

INSERT INTO teof.waiting SELECT bus, seq, id, agent, task, target, coalesce(moment, 0) FROM teof.records
  WHERE kind IN ('request', 'directive') AND stream <> 'events' AND id IS NOT NULL
  ON CONFLICT DO NOTHING;
DELETE FROM teof.waiting AS asked WHERE teof.is_answered(asked);
