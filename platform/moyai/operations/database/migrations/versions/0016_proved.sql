-- Records say who signed what, and auditors hold chains against the tables.

-- What was begun, done and approved, without what was found: so that a chain that was cut off together with its head
-- is seen by who only reads the audit.
GRANT SELECT (id) ON moyai.operation TO moyai_auditor;
GRANT SELECT (operation_id, code, wave, status, attempts) ON moyai.body TO moyai_auditor;
GRANT SELECT (operation_id, code, attempt, step, status) ON moyai.step TO moyai_auditor;
GRANT SELECT (operation_id, subject, operator, signed_at) ON moyai.approval TO moyai_auditor;

-- Heads are anchored soon after an operation was approved, was held or has ended, too.
INSERT INTO moyai.turn VALUES ('anchors early', clock_timestamp()) ON CONFLICT DO NOTHING;
