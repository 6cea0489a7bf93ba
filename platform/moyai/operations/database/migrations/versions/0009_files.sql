-- By which tenants.yaml operations were planned, in order. The newest of a site is the floor: by an older one nothing
-- is planned, and workers begin nothing.

CREATE TABLE moyai.planned_file (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  site text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  checkout text CHECK (checkout ~ '^[0-9a-f]{40,64}$'),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL
);
COMMENT ON COLUMN moyai.planned_file.checkout IS 'the commit of who planned, where the file was as committed';
CREATE INDEX planned_file_by_site ON moyai.planned_file (site, number);
GRANT SELECT ON moyai.planned_file TO moyai_operator, moyai_worker;

-- p_follows: a person, or the history of applied files and commits, says that it comes after the newest,
-- though it was there before. Whether it was, and is the newest again.
CREATE FUNCTION moyai.put_file(p_site text, p_sha256 text, p_checkout text, p_follows boolean, p_actor text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  newest moyai.planned_file;
  known boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(7702, 2);
  SELECT * INTO newest FROM moyai.planned_file WHERE site = p_site ORDER BY number DESC LIMIT 1;
  IF newest.sha256 = p_sha256 THEN
    UPDATE moyai.planned_file SET checkout = p_checkout
      WHERE number = newest.number AND checkout IS NULL AND p_checkout IS NOT NULL;
    RETURN false;
  END IF;
  known := EXISTS (SELECT 1 FROM moyai.planned_file WHERE site = p_site AND sha256 = p_sha256);
  IF known AND p_follows IS NOT TRUE THEN
    PERFORM moyai.refuse('an older tenants.yaml', 'MY008', newest.at::text);
  END IF;
  INSERT INTO moyai.planned_file (site, sha256, checkout, actor)
    VALUES (p_site, p_sha256, p_checkout, p_actor);
  RETURN known;
END $$;
COMMENT ON FUNCTION moyai.refuse IS
  'MY003: another step; MY004: no such record; MY005: not in this status; MY006: no such operation; MY008: an older file';

-- An operator's machine says which file it has, before it plans by it.
CREATE FUNCTION moyai.note_file(p_site text, p_sha256 text, p_checkout text, p_follows boolean, p_actor text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM moyai.require_person(p_actor);
  IF moyai.put_file(p_site, p_sha256, p_checkout, p_follows, p_actor) THEN
    PERFORM moyai.put_record('federation', p_actor, 'file.newest', NULL, NULL, NULL, NULL, 'done',
      jsonb_build_object('site', p_site, 'sha256', p_sha256));
  END IF;
END $$;
GRANT EXECUTE ON FUNCTION moyai.note_file(text, text, text, boolean, text) TO moyai_operator;

-- Whatever is planned raises the floor, whether its machine said so or not.
CREATE OR REPLACE FUNCTION moyai.note_wanted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb := NEW.plan::jsonb;
BEGIN
  PERFORM moyai.put_wanted(NEW.id, plan);
  IF plan->>'registry_sha256' ~ '^[0-9a-f]{64}$' THEN
    PERFORM moyai.put_file(NEW.site, plan->>'registry_sha256', NULL,
      plan #>> '{parameters,allow_older}' = 'true', 'operator:' || NEW.planned_by);
  END IF;
  RETURN NULL;
END $$;

-- As before; the file that has the edit is the newest from now on, whatever was there before.
CREATE OR REPLACE FUNCTION moyai.put_in_file(p_operation text, p_written boolean, p_actor text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  entry moyai.operation := moyai.alive(p_operation);
  after text := entry.plan::jsonb #>> '{parameters,after_sha256}';
BEGIN
  PERFORM moyai.require_person(p_actor);
  IF entry.kind <> 'edit' OR entry.wanted IN ('cancel', 'stop') OR NOT moyai.may_begin(p_operation) THEN
    PERFORM moyai.refuse('no edit that may be put there', 'MY005', entry.status);
  END IF;
  IF p_written AND after ~ '^[0-9a-f]{64}$' THEN
    PERFORM moyai.put_file(entry.site, after, NULL, true, p_actor);
  END IF;
  PERFORM moyai.put_word(entry, NULL, p_actor, 'operation.apply', jsonb_build_object('written', p_written,
    'after_sha256', entry.plan::jsonb #> '{parameters,after_sha256}'));
END $$;

-- A worker says why it begins nothing.
ALTER TABLE moyai.worker ADD COLUMN held_back jsonb;
COMMENT ON COLUMN moyai.worker.held_back IS 'why it begins nothing, for people; NULL: it does';

CREATE FUNCTION moyai.worker_held_back(p_id text, p_why jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  UPDATE moyai.worker SET held_back = nullif(p_why, 'null')
    WHERE id = p_id AND taken_at IS NULL AND held_back IS DISTINCT FROM nullif(p_why, 'null');
END;
GRANT EXECUTE ON FUNCTION moyai.worker_held_back(text, jsonb) TO moyai_worker;
