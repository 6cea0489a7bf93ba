-- What workers and waves did to a body is in its chain, whoever wrote the change: records are made here.

-- A worker is gone for certain: what it had in hand is others' from now on, operation by operation. Once, as
-- it may be marked again until all of it is on the queues.
CREATE FUNCTION moyai.tell_worker_gone() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE had record;
BEGIN
  FOR had IN SELECT o.id, o.plan_sha256, jsonb_agg(b.code ORDER BY b.code) AS codes
      FROM moyai.body b JOIN moyai.operation o ON o.id = b.operation_id
      WHERE b.worker = NEW.id AND b.status = 'running' GROUP BY o.id ORDER BY o.id LOOP
    PERFORM moyai.put_record('federation', 'moyai', 'worker.gone', had.id, had.plan_sha256,
      NULL, NULL, 'noted', jsonb_build_object('worker', NEW.id, 'codes', had.codes));
  END LOOP;
  RETURN NULL;
END $$;

CREATE TRIGGER worker_gone AFTER UPDATE OF taken_at ON moyai.worker
  FOR EACH ROW WHEN (OLD.taken_at IS NULL AND NEW.taken_at IS NOT NULL)
  EXECUTE FUNCTION moyai.tell_worker_gone();

-- A body that another worker had in hand is carried on: in the same attempt, from where that one came to.
CREATE FUNCTION moyai.tell_carried_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM moyai.put_record('body:' || NEW.code, 'worker:' || NEW.worker, 'worker.carries', NEW.operation_id,
    (SELECT plan_sha256 FROM moyai.operation WHERE id = NEW.operation_id), NULL, NEW.attempts,
    'taken-over', jsonb_build_object('worker', OLD.worker));
  RETURN NULL;
END $$;

CREATE TRIGGER body_carried_on AFTER UPDATE OF worker ON moyai.body
  FOR EACH ROW WHEN (OLD.worker <> NEW.worker AND OLD.status = 'running' AND NEW.status = 'running'
    AND OLD.attempts = NEW.attempts)
  EXECUTE FUNCTION moyai.tell_carried_on();

-- A wave is held: in the chains of those of its bodies that are not done. Not why: that is about other bodies.
CREATE FUNCTION moyai.tell_wave_held() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  one text;
  plan_hash text;
BEGIN
  SELECT plan_sha256 INTO plan_hash FROM moyai.operation WHERE id = NEW.operation_id;
  FOR one IN SELECT code FROM moyai.body
      WHERE operation_id = NEW.operation_id AND wave = NEW.number AND status <> 'done' ORDER BY code LOOP
    PERFORM moyai.put_record('body:' || one, 'moyai', 'operation.wave', NEW.operation_id, plan_hash,
      NULL, NULL, 'done', jsonb_build_object('wave', NEW.number, 'status', NEW.status));
  END LOOP;
  RETURN NULL;
END $$;

CREATE TRIGGER wave_held AFTER UPDATE OF status ON moyai.wave
  FOR EACH ROW WHEN (OLD.status <> 'held' AND NEW.status = 'held')
  EXECUTE FUNCTION moyai.tell_wave_held();

-- Made by triggers alone.
REVOKE EXECUTE ON FUNCTION moyai.tell_worker_gone(), moyai.tell_carried_on(), moyai.tell_wave_held()
  FROM PUBLIC;
