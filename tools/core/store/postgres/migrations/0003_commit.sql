-- The only ways in: agents execute these functions and have no right to write any table.
-- Names end in a version, so that clients of before go on across an upgrade.
--
-- Errors: TE001 stale version, TE002 moved away, TE003 another's seat, TE004 differs only in case, TE005 no such bus,
-- TE006 a move is filling the bus, TE007 these records are there already, TE008 the lock was not free in time.

CREATE FUNCTION teof.may_write_for(agent text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(bool_or(agent LIKE replace(replace(replace(pattern, '\', '\\'), '_', '\_'), '*', '%')), true)
  FROM teof.seats WHERE role = session_user
$$;

CREATE FUNCTION teof.locked(which integer, wanted text) RETURNS teof.buses LANGUAGE plpgsql
  SET lock_timeout = '10s' AS $$
DECLARE
  taken teof.buses;
  holder text;
BEGIN
  BEGIN
    SELECT * INTO taken FROM teof.buses WHERE bus = which FOR UPDATE;
  EXCEPTION WHEN lock_not_available THEN
    SELECT nullif(application_name, '') INTO holder FROM pg_locks JOIN pg_stat_activity USING (pid)
      WHERE relation = 'teof.buses'::regclass AND granted AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 1;
    RAISE EXCEPTION 'the bus is locked' USING ERRCODE = 'TE008', DETAIL = coalesce(holder, '');
  END;
  IF taken.bus IS NULL THEN
    RAISE EXCEPTION 'there is no such bus' USING ERRCODE = 'TE005';
  ELSIF taken.state <> wanted THEN
    RAISE EXCEPTION 'the bus is %', taken.state
      USING ERRCODE = CASE taken.state WHEN 'sealed' THEN 'TE002' WHEN 'filling' THEN 'TE006' ELSE 'TE005' END;
  END IF;
  RETURN taken;
END $$;

CREATE FUNCTION teof.name_is_new(which integer, given text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  present text;
BEGIN
  SELECT name INTO present FROM teof.names WHERE bus = which AND folded = lower(given);
  IF present IS NULL THEN
    INSERT INTO teof.names VALUES (which, lower(given), given);
  ELSIF present <> given THEN
    RAISE EXCEPTION 'differs only in case' USING ERRCODE = 'TE004', DETAIL = present;
  END IF;
END $$;

CREATE FUNCTION teof.append_line(
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
    fields.subject, fields.decision, fields.plan, fields.claims, fields.cites, session_user, clock_timestamp());
  IF fields.kind IS NOT NULL THEN
    IF here.stream = 'events' THEN
      INSERT INTO teof.voices VALUES (which, fields.agent, fields.kind, nth)
        ON CONFLICT (bus, agent, kind) DO UPDATE SET last = excluded.last;
    ELSE
      INSERT INTO teof.voices VALUES (which, fields.agent, fields.kind) ON CONFLICT DO NOTHING;
    END IF;
    IF fields.reply_to IS NOT NULL THEN
      DELETE FROM teof.waiting WHERE bus = which AND id = fields.reply_to AND task = fields.task;
    END IF;
    IF here.stream <> 'events' AND fields.kind IN ('request', 'directive') AND (fields.id IS NULL
      OR NOT EXISTS (SELECT 1 FROM teof.records WHERE bus = which AND reply_to = fields.id AND task = fields.task)) THEN
      INSERT INTO teof.waiting
        VALUES (which, nth, fields.id, fields.agent, fields.task, fields.target, coalesce(here.moment, 0));
    END IF;
  END IF;
  RETURN here;
END $$;

CREATE FUNCTION teof.stream_of(which integer, named text) RETURNS teof.streams LANGUAGE plpgsql AS $$
DECLARE
  here teof.streams;
BEGIN
  SELECT * INTO here FROM teof.streams WHERE bus = which AND stream = named;
  IF here.bus IS NULL THEN
    INSERT INTO teof.streams (bus, stream) VALUES (which, named) RETURNING * INTO here;
  END IF;
  RETURN here;
END $$;

CREATE FUNCTION teof.keep(here teof.streams) RETURNS void LANGUAGE sql AS $$
  UPDATE teof.streams SET lines = here.lines, records = here.records, bytes = here.bytes, hash = here.hash,
    moment = here.moment, ended = here.ended WHERE bus = here.bus AND stream = here.stream
$$;

CREATE FUNCTION teof.end_line(here teof.streams) RETURNS teof.streams LANGUAGE sql AS $$
  -- a last line without its line end gets one before the next comes
  SELECT (here.bus, here.stream, here.lines, here.records, here.bytes + (NOT here.ended)::integer, here.hash, here.moment,
    true)::teof.streams
$$;

CREATE FUNCTION teof.version_of(which integer, given text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN given = 'events' OR given LIKE 'messages/%' THEN
    coalesce((SELECT bytes || '-' || hash FROM teof.streams WHERE bus = which AND stream = given AND lines > 0), '')
  ELSE coalesce((SELECT version FROM teof.documents WHERE bus = which AND name = given), '') END
$$;

CREATE FUNCTION teof.put_document(which integer, given text, bytes bytea, nth bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO teof.documents VALUES (which, given, encode(sha256(bytes), 'hex'), bytes, nth)
  ON CONFLICT (bus, name) DO UPDATE SET version = excluded.version, content = excluded.content, seq = excluded.seq
$$;

CREATE FUNCTION teof.refuse_seat(agent text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT teof.may_write_for(agent) THEN
    RAISE EXCEPTION '% may not write for %', session_user, agent USING ERRCODE = 'TE003', DETAIL = agent;
  END IF;
END $$;

CREATE FUNCTION teof.refuse_holder(which integer, given text, bytes bytea) RETURNS void LANGUAGE plpgsql AS $$
-- Only a manager's role puts a claim into the name of an agent whose seat it has not.
DECLARE
  holder text := teof.object_in(bytes) ->> 'agent_id';
  before text;
BEGIN
  IF given LIKE 'claims/%' AND NOT teof.may_write_for(coalesce(holder, '')) THEN
    SELECT teof.object_in(content) ->> 'agent_id' INTO before FROM teof.documents WHERE bus = which AND name = given;
    IF holder IS DISTINCT FROM before AND NOT pg_has_role(session_user, 'teof_manager', 'MEMBER') THEN
      PERFORM teof.refuse_seat(coalesce(holder, ''));
    END IF;
  END IF;
END $$;

CREATE FUNCTION teof.commit_1(
  which integer, expects text[], versions text[], documents text[], contents bytea[],
  streams text[], former text[], afters text[], ids text[]
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- All changes or none. A line is `{before, "prev", after}` in halves around where prev belongs; returns the new head.
DECLARE
  lock teof.buses := teof.locked(which, 'open');
  here teof.streams;
  line bytea;
  latest bigint := extract(epoch FROM clock_timestamp())::bigint + 300;
BEGIN
  FOR n IN 1 .. coalesce(array_length(ids, 1), 0) LOOP
    IF ids[n] <> '' AND EXISTS (SELECT 1 FROM teof.records WHERE bus = which AND id = ids[n] AND stream = streams[n]) THEN
      RAISE EXCEPTION 'this was done already' USING ERRCODE = 'TE007';
    END IF;
  END LOOP;
  FOR n IN 1 .. coalesce(array_length(expects, 1), 0) LOOP
    IF teof.version_of(which, expects[n]) <> versions[n] THEN
      RAISE EXCEPTION 'stale' USING ERRCODE = 'TE001', DETAIL = expects[n];
    END IF;
  END LOOP;
  FOR n IN 1 .. coalesce(array_length(streams, 1), 0) LOOP
    IF here.stream IS DISTINCT FROM streams[n] THEN
      IF here.stream IS NOT NULL THEN
        PERFORM teof.keep(here);
      END IF;
      PERFORM teof.name_is_new(which, streams[n]);
      here := teof.end_line(teof.stream_of(which, streams[n]));
    END IF;
    line := convert_to('{' || concat_ws(',', nullif(former[n], ''),
      CASE WHEN here.hash <> '' THEN '"prev":"' || here.hash || '"' END, nullif(afters[n], '')) || '}', 'UTF8');
    PERFORM teof.refuse_seat(coalesce((teof.fields_of(streams[n], line)).agent, ''));
    lock.head := lock.head + 1;
    here := teof.append_line(which, here, lock.head, line, true, true, latest);
  END LOOP;
  IF here.stream IS NOT NULL THEN
    PERFORM teof.keep(here);
  END IF;
  FOR n IN 1 .. coalesce(array_length(documents, 1), 0) LOOP
    PERFORM teof.name_is_new(which, documents[n]);
    PERFORM teof.refuse_holder(which, documents[n], contents[n]);
    PERFORM teof.put_document(which, documents[n], contents[n], lock.head);
  END LOOP;
  UPDATE teof.buses SET head = lock.head WHERE bus = which;
  PERFORM pg_notify('teof', which || ' ' || lock.head);
  RETURN lock.head;
END $$;

CREATE FUNCTION teof.flush_1(which integer, streams text[], ids text[]) RETURNS TABLE (place text, prev text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Writes something, so that the end of this transaction flushes the one before; where the records are, and their prev.
BEGIN
  place := pg_logical_emit_message(true, 'teof', '');
  RETURN QUERY SELECT here.seq || ' ' || here.number, teof.object_in(here.raw) ->> 'prev'
    FROM unnest(streams, ids) WITH ORDINALITY AS asked (stream, id, nth)
    JOIN teof.records AS here ON here.bus = which AND here.id = asked.id AND here.stream = asked.stream ORDER BY nth;
END $$;

CREATE FUNCTION teof.adopt_1(which integer, named text, expected text, lines bytea[], readable boolean[])
  RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Puts another place's lines behind a stream, exactly as they are. A role that is bound to seats may not.
DECLARE
  lock teof.buses := teof.locked(which, 'open');
  here teof.streams;
  latest bigint := extract(epoch FROM clock_timestamp())::bigint + 300;
BEGIN
  IF teof.version_of(which, named) <> expected THEN
    RAISE EXCEPTION 'stale' USING ERRCODE = 'TE001', DETAIL = named;
  END IF;
  PERFORM teof.name_is_new(which, named);
  here := teof.end_line(teof.stream_of(which, named));
  FOR n IN 1 .. coalesce(array_length(lines, 1), 0) LOOP
    PERFORM teof.refuse_seat(coalesce((teof.fields_of(named, lines[n])).agent, ''));
    lock.head := lock.head + 1;
    here := teof.append_line(which, here, lock.head, lines[n], true, readable[n], latest);
  END LOOP;
  PERFORM teof.keep(here);
  UPDATE teof.buses SET head = lock.head WHERE bus = which;
  PERFORM pg_notify('teof', which || ' ' || lock.head);
  RETURN lock.head;
END $$;
