-- How a bus comes here from files, whole, and how it is closed when it goes back; for managers.

CREATE FUNCTION teof.fill_1(wanted text, stamp text) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- An empty bus that only its filler may write; what a move left that did not come to its end is removed.
DECLARE
  present teof.buses;
BEGIN
  SELECT * INTO present FROM teof.buses WHERE key = wanted FOR UPDATE;
  IF present.state = 'filling' THEN
    DELETE FROM teof.records WHERE bus = present.bus;
    DELETE FROM teof.buses WHERE bus = present.bus;
  ELSIF present.state = 'open' AND present.head = 0
    AND NOT EXISTS (SELECT 1 FROM teof.documents WHERE bus = present.bus) THEN
    DELETE FROM teof.buses WHERE bus = present.bus;
  ELSIF present.bus IS NOT NULL THEN
    RAISE EXCEPTION 'the bus has records' USING ERRCODE = 'TE010';
  END IF;
  INSERT INTO teof.buses (key, state, token) VALUES (wanted, 'filling', stamp) RETURNING bus INTO present.bus;
  RETURN present.bus;
END $$;

CREATE FUNCTION teof.load_1(which integer, named text, lines bytea[], readable boolean[], last_ended boolean) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- Puts lines of a file behind a stream of a bus that is being filled, byte for byte.
DECLARE
  lock teof.buses := teof.locked(which, 'filling');
  here teof.streams := teof.stream_of(which, named);
  latest bigint := extract(epoch FROM clock_timestamp())::bigint + 300;
  count integer := coalesce(array_length(lines, 1), 0);
BEGIN
  INSERT INTO teof.names VALUES (which, lower(named), named) ON CONFLICT DO NOTHING;
  FOR n IN 1 .. count LOOP
    lock.head := lock.head + 1;
    here := teof.append_line(which, here, lock.head, lines[n], n < count OR last_ended, readable[n], latest);
  END LOOP;
  PERFORM teof.keep(here);
  UPDATE teof.buses SET head = lock.head WHERE bus = which;
  RETURN here.bytes;
END $$;

CREATE FUNCTION teof.load_documents_1(which integer, given text[], contents bytea[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  lock teof.buses := teof.locked(which, 'filling');
BEGIN
  FOR n IN 1 .. coalesce(array_length(given, 1), 0) LOOP
    INSERT INTO teof.names VALUES (which, lower(given[n]), given[n]) ON CONFLICT DO NOTHING;
    PERFORM teof.put_document(which, given[n], contents[n], lock.head);
  END LOOP;
END $$;

CREATE FUNCTION teof.open_1(wanted text, stamp text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- The move came to its moment: who knows the token has read the signpost.
  UPDATE teof.buses SET state = 'open' WHERE key = wanted AND state = 'filling' AND token = stamp
$$;

CREATE FUNCTION teof.make_1(wanted text, stamp text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO teof.buses (key, token) VALUES (wanted, stamp) ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION teof.seal_1(wanted text, closed boolean) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE teof.buses SET state = CASE WHEN closed THEN 'sealed' ELSE 'open' END WHERE key = wanted AND state <> 'filling'
$$;

CREATE FUNCTION teof.seat_1(given text, patterns text[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- The agents a login role may write for; none means any.
  DELETE FROM teof.seats WHERE role = given AND pattern <> ALL (patterns);
  INSERT INTO teof.seats SELECT given, unnest(patterns) ON CONFLICT DO NOTHING
$$;
