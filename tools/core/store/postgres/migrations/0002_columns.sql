-- What the columns of a record are, derived from its line; mirrors models/lenient.py and store/files/index_rows.py.

CREATE TYPE teof.fields AS (
  kind text, agent text, id text, at bigint, task text, target text, reply_to text, severity text, subject text,
  decision text, plan text, claims boolean, cites boolean
);

CREATE FUNCTION teof.harmless(line text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  -- JSON may escape what a text of the database cannot hold: NUL and halves of surrogate pairs become the words of their escapes
  SELECT CASE WHEN position('\u' IN line) = 0 THEN line ELSE (
    SELECT string_agg(CASE WHEN part[1] ~* '^\\u(0000|d[89a-f][0-9a-f]{2})$' THEN '\' || part[1] ELSE part[1] END, '' ORDER BY nth)
    FROM regexp_matches(line,
      '(\\u[dD][89abAB][[:xdigit:]]{2}\\u[dD][c-fC-F][[:xdigit:]]{2}|\\u[[:xdigit:]]{4}|\\.|[^\\]+)', 'g')
      WITH ORDINALITY AS parts (part, nth)
  ) END
$$;

CREATE FUNCTION teof.object_in(raw bytea) RETURNS json LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  object json;
BEGIN
  IF length(raw) > 65536 THEN
    RETURN NULL;
  END IF;
  object := teof.harmless(convert_from(raw, 'UTF8'))::json;
  RETURN CASE WHEN json_typeof(object) = 'object' THEN object END;
EXCEPTION WHEN OTHERS THEN
  RETURN NULL; -- not UTF-8, not JSON, or nested too deeply
END $$;

CREATE FUNCTION teof.text_of(value json) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE json_typeof(value) WHEN 'null' THEN '' WHEN 'string' THEN value #>> '{}' ELSE value::text END
$$;

CREATE FUNCTION teof.first_of(a json, b json) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  -- the text of the first value that says something
  SELECT coalesce(
    CASE WHEN a::text IN ('""', 'null', '0', 'false', '[]', '{}') THEN NULL ELSE teof.text_of(a) END,
    CASE WHEN b::text IN ('""', 'null', '0', 'false', '[]', '{}') THEN NULL ELSE teof.text_of(b) END, '')
$$;

CREATE FUNCTION teof.second_of(stamp text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
  IF length(stamp) > 40 OR stamp !~
    '^\d{4}-?\d\d-?\d\d([T ]\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?(Z|[+-]\d\d(:?\d\d(:?\d\d)?)?)?)?$' THEN
    RETURN NULL;
  END IF;
  RETURN floor(extract(epoch FROM replace(stamp, ',', '.')::timestamptz));
EXCEPTION WHEN OTHERS THEN
  RETURN NULL; -- no day of any calendar
END $$;

CREATE FUNCTION teof.is_text(value json) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(json_typeof(value) = 'string' AND value::text <> '""', false)
$$;

CREATE FUNCTION teof.fields_of(stream text, raw bytea) RETURNS teof.fields LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  object json := teof.object_in(raw);
  meta json;
  fields teof.fields;
  is_event boolean := stream = 'events';
BEGIN
  IF object IS NULL OR NOT (teof.is_text(object -> 'agent_id') OR teof.is_text(object -> 'from'))
    OR NOT (teof.is_text(object -> 'event') OR teof.is_text(object -> 'type')) THEN
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
  fields.decision := nullif(teof.first_of(coalesce(meta -> 'decision_id', object -> 'decision_id'),
    coalesce(meta -> 'decision', object -> 'decision')), '');
  RETURN fields;
END $$;

CREATE FUNCTION teof.words_of(raw bytea) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  -- the words of all values, ids and stamps left out
  SELECT array(
    SELECT DISTINCT word[1]
    FROM json_each(teof.object_in(raw)) AS members (name, value),
      regexp_matches(lower(teof.text_of(value)), '[[:alnum:]]+', 'g') AS words (word)
    WHERE name NOT IN ('id', 'ts', 'prev', 'reply_to', 'claim') AND length(word[1]) <= 512
  )
$$;

CREATE INDEX by_word ON teof.records USING gin (teof.words_of(raw)) WHERE kind IS NOT NULL;
