-- Nobody but the owner writes a table; agents execute commit, managers move and bind seats, readers read.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA teof FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA teof FROM PUBLIC;

GRANT USAGE ON SCHEMA teof TO teof_reader, teof_agent, teof_manager;
GRANT SELECT ON ALL TABLES IN SCHEMA teof TO teof_reader, teof_agent, teof_manager;
GRANT EXECUTE ON FUNCTION
  teof.words_of(bytea), teof.object_in(bytea), teof.harmless(text), teof.text_of(json), teof.version_of(integer, text)
  TO teof_reader, teof_agent, teof_manager;
GRANT EXECUTE ON FUNCTION
  teof.commit_1(integer, text[], text[], text[], bytea[], text[], text[], text[], text[]),
  teof.flush_1(integer, text[], text[]), teof.adopt_1(integer, text, text, bytea[], boolean[]), teof.open_1(text, text)
  TO teof_agent, teof_manager;
GRANT EXECUTE ON FUNCTION
  teof.fill_1(text, text), teof.load_1(integer, text, bytea[], boolean[], boolean), teof.make_1(text, text),
  teof.load_documents_1(integer, text[], bytea[]), teof.seal_1(text, boolean), teof.seat_1(text, text[])
  TO teof_manager;
