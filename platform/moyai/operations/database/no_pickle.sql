-- DBOS's tables take no row that says that it is pickle. Safe to run again.
--
-- Workers of version `moyai-1` wrote pickle, and may still live while the next version begins; workers of later
-- versions take no ticket of theirs. A version that is not said counts as another, and so does a form.
DO $$
DECLARE
  forms constant text := $c$serialization IS NULL OR serialization IN ('moyai_json', 'portable_json')$c$;
  tickets constant text := forms || $c$ OR application_version IS NOT DISTINCT FROM 'moyai-1'$c$;
  one text;
BEGIN
  IF EXISTS (
    SELECT FROM pg_constraint WHERE conname = 'moyai_no_pickle'
      AND conrelid = 'dbos.workflow_status'::regclass
  ) THEN
    RETURN;
  END IF;
  -- Bodies at work whose ticket this was get another: the ledger says where they are.
  LOCK TABLE dbos.workflow_status IN ACCESS EXCLUSIVE MODE;
  EXECUTE format(
    'UPDATE dbos.workflow_status SET status = ''CANCELLED'', queue_name = NULL, owner_xid = NULL, '
    'serialization = NULL, inputs = NULL WHERE NOT (%s)', tickets);
  EXECUTE format(
    'ALTER TABLE dbos.workflow_status ADD CONSTRAINT moyai_no_pickle CHECK (%s)', tickets);
  -- Moyai puts nothing into these.
  FOREACH one IN ARRAY ARRAY[
    'operation_outputs', 'notifications', 'workflow_events', 'workflow_events_history', 'streams']
  LOOP
    EXECUTE format('DELETE FROM dbos.%I WHERE NOT (%s)', one, forms);
    EXECUTE format('ALTER TABLE dbos.%I ADD CONSTRAINT moyai_no_pickle CHECK (%s)', one, forms);
  END LOOP;
END $$;
