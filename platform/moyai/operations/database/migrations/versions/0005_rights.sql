-- What logins may do: read, and call the functions of their group. A function of a migration to come is nobody's
-- until it is granted.

REVOKE ALL ON ALL TABLES IN SCHEMA moyai
  FROM PUBLIC, moyai_operator, moyai_worker, moyai_auditor, moyai_body;  -- of their columns too
GRANT SELECT ON ALL TABLES IN SCHEMA moyai TO moyai_operator, moyai_worker;
GRANT SELECT ON moyai.audit, moyai.audit_head, moyai.anchor, moyai.alembic_version TO moyai_auditor;
GRANT SELECT ON moyai.audit TO moyai_body;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA moyai FROM PUBLIC, moyai_operator, moyai_worker, moyai_auditor;
ALTER DEFAULT PRIVILEGES FOR ROLE moyai_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
  moyai.plan_operation(text, text, text),
  moyai.want(text, text, text),
  moyai.release(text, text[], text),
  moyai.put_in_file(text, boolean, text),
  moyai.retry(text, text[], text),
  moyai.approve(text, text, text, text, text, timestamptz, boolean),
  moyai.anchored(text, bigint, text, timestamptz, text, text)
  TO moyai_operator;

GRANT EXECUTE ON FUNCTION
  moyai.take(text, text, integer, text),
  moyai.go_on(text, text, bigint, text, boolean, jsonb, jsonb, text, text, integer, text),
  moyai.finish(text, text, bigint, text, boolean, jsonb, text, jsonb, text, jsonb),
  moyai.go_on(text, text, bigint, text, boolean, jsonb, jsonb, text, text, integer, text, jsonb),
  moyai.finish(text, text, bigint, text, boolean, jsonb, jsonb, text, jsonb, text, jsonb, jsonb,
    jsonb),
  moyai.conduct(text, text, text, jsonb, jsonb, jsonb, text[]),
  moyai.tell_waits(text, text[], jsonb),
  moyai.next_ticket(text, text, text),
  moyai.pass_gate(text, integer),
  moyai.hold_at_gate(text, jsonb),
  moyai.register_worker(text, integer, text, integer, integer, text),
  moyai.touch_worker(text, integer),
  moyai.found_free(text),
  moyai.take_over(text),
  moyai.recovered(text),
  moyai.worker_ended(text),
  moyai.measured(text, text, bigint),
  moyai.my_turn(text, double precision),
  moyai.soon(text, double precision),
  moyai.allow(integer, double precision),
  moyai.anchored(text, bigint, text, timestamptz, text, text),
  moyai.tell(text, jsonb),
  moyai.open_happenings(text[]),
  moyai.address(bigint[], jsonb, text),
  moyai.take_notice(integer, text[]),
  moyai.notice_sent(bigint),
  moyai.notice_unsent(bigint, integer, jsonb, integer, boolean)
  TO moyai_worker;

DROP FUNCTION moyai.record(text, jsonb);  -- records are made by moyai.put_record alone
