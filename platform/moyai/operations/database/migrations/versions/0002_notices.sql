-- What happened that somebody is told of, written in the transaction in which it happens; and what of
-- it is sent to whom, written once it is known who is to be told.

CREATE TABLE moyai.happening (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL UNIQUE,
  event text NOT NULL CHECK (event IN
    ('approval_wanted', 'wave_held', 'window_missed', 'done', 'debt', 'body_held')),
  operation_id text NOT NULL REFERENCES moyai.operation,
  code text,
  facts jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  addressed_at timestamptz,
  trouble text
);
COMMENT ON COLUMN moyai.happening.key IS 'event:operation:body or what else it is about:attempt';
COMMENT ON COLUMN moyai.happening.addressed_at IS 'when notices were written for all who are told';
COMMENT ON COLUMN moyai.happening.trouble IS 'the bug by which nobody was told';
CREATE INDEX happening_open ON moyai.happening (id) WHERE addressed_at IS NULL;
CREATE INDEX happening_by_operation ON moyai.happening (operation_id);

CREATE TABLE moyai.notice (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL UNIQUE,
  event text NOT NULL,
  operation_id text NOT NULL REFERENCES moyai.operation,
  code text,
  audience text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('mail', 'webhook', 'sns')),
  address_sha256 text NOT NULL,
  content jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts integer NOT NULL DEFAULT 0,
  next_try_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  sent_at timestamptz,
  given_up_at timestamptz,
  last_error jsonb
);
COMMENT ON COLUMN moyai.notice.audience IS
  'operator:EMAIL, body:CODE, webhook:HOST or sns:TOPIC; the address itself is in tenants.yaml';
COMMENT ON COLUMN moyai.notice.next_try_at IS
  'while it is being sent: when another worker may try, should this one be gone';
CREATE INDEX notice_due ON moyai.notice (next_try_at, id)
  WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE INDEX notice_by_operation ON moyai.notice (operation_id);

-- A body's end without success is told by whatever writes it, once for each attempt.
CREATE FUNCTION moyai.tell_end_of_body() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, moyai AS $$
DECLARE
  what text := CASE WHEN NEW.status = 'held' THEN 'body_held' ELSE 'debt' END;
BEGIN
  INSERT INTO moyai.happening (key, event, operation_id, code, facts)
    VALUES (concat_ws(':', what, NEW.operation_id, NEW.code, NEW.attempts), what,
      NEW.operation_id, NEW.code,
      jsonb_build_object('status', NEW.status, 'error', NEW.error))
    ON CONFLICT (key) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER end_of_body_is_told AFTER UPDATE OF status ON moyai.body FOR EACH ROW
  WHEN (NEW.status IN ('held', 'failed', 'skipped', 'moved')
    AND NEW.status IS DISTINCT FROM OLD.status)
  EXECUTE FUNCTION moyai.tell_end_of_body();

GRANT SELECT ON moyai.happening, moyai.notice TO moyai_worker, moyai_operator;
GRANT INSERT ON moyai.happening, moyai.notice TO moyai_worker;
GRANT UPDATE (addressed_at, trouble) ON moyai.happening TO moyai_worker;
GRANT UPDATE (attempts, next_try_at, sent_at, given_up_at, last_error) ON moyai.notice
  TO moyai_worker;
REVOKE ALL ON FUNCTION moyai.tell_end_of_body() FROM PUBLIC;
