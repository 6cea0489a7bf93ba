-- phase: expand
-- 電子申請システムA: 手続、申請、添付、審査の経過、代理申請、法人認証

CREATE TABLE applicant_kind (
  code text PRIMARY KEY,
  title text NOT NULL,
  needs_corporate_authentication boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE applicant_kind IS '申請者区分';
COMMENT ON COLUMN applicant_kind.code IS '区分コード';
COMMENT ON COLUMN applicant_kind.title IS '区分名';
COMMENT ON COLUMN applicant_kind.needs_corporate_authentication IS '法人認証（GビズID）が必要か';
INSERT INTO applicant_kind (code, title, needs_corporate_authentication) VALUES
  ('individual', '個人', false),
  ('sole-proprietor', '個人事業主', true),
  ('corporation', '法人', true),
  ('agent', '代理人（行政書士等）', true);

CREATE TABLE procedure (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  title text NOT NULL,
  section text NOT NULL,
  legal_basis text,
  form_version integer NOT NULL DEFAULT 1 CHECK (form_version > 0),
  form jsonb NOT NULL,
  fee_yen integer NOT NULL DEFAULT 0 CHECK (fee_yen >= 0),
  opens_at timestamptz,
  closes_at timestamptz,
  retention_years smallint NOT NULL DEFAULT 5 CHECK (retention_years BETWEEN 1 AND 30),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (opens_at IS NULL OR closes_at IS NULL OR opens_at < closes_at)
);
COMMENT ON TABLE procedure IS '手続';
COMMENT ON COLUMN procedure.id IS '内部番号';
COMMENT ON COLUMN procedure.code IS '手続ID';
COMMENT ON COLUMN procedure.title IS '手続名';
COMMENT ON COLUMN procedure.section IS '所管課';
COMMENT ON COLUMN procedure.legal_basis IS '根拠法令・条例';
COMMENT ON COLUMN procedure.form_version IS '様式の版';
COMMENT ON COLUMN procedure.form IS '様式（JSON Schema と画面定義）';
COMMENT ON COLUMN procedure.fee_yen IS '手数料（円、税込）';
COMMENT ON COLUMN procedure.opens_at IS '受付開始日時';
COMMENT ON COLUMN procedure.closes_at IS '受付終了日時';
COMMENT ON COLUMN procedure.retention_years IS '申請データの保存年数';
COMMENT ON COLUMN procedure.created_at IS '登録日時';
COMMENT ON COLUMN procedure.updated_at IS '更新日時';
CREATE INDEX procedure_section_idx ON procedure (section);

CREATE TABLE corporate_authentication (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  corporate_number text NOT NULL CHECK (corporate_number ~ '^[0-9]{13}$'),
  gbizid_subject text NOT NULL UNIQUE,
  level text NOT NULL CHECK (level IN ('entry', 'member', 'prime')),
  corporate_name text NOT NULL,
  linked_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);
COMMENT ON TABLE corporate_authentication IS '法人認証（GビズID）の連携';
COMMENT ON COLUMN corporate_authentication.id IS '内部番号';
COMMENT ON COLUMN corporate_authentication.corporate_number IS '法人番号（13桁）';
COMMENT ON COLUMN corporate_authentication.gbizid_subject IS 'GビズID の利用者識別子';
COMMENT ON COLUMN corporate_authentication.level IS 'GビズID の種類';
COMMENT ON COLUMN corporate_authentication.corporate_name IS '商号又は名称';
COMMENT ON COLUMN corporate_authentication.linked_at IS '連携日時';
COMMENT ON COLUMN corporate_authentication.revoked_at IS '連携解除日時';
CREATE INDEX corporate_authentication_number_idx ON corporate_authentication (corporate_number);

CREATE TABLE proxy_delegation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  principal_id bigint NOT NULL REFERENCES corporate_authentication (id),
  agent_id bigint NOT NULL REFERENCES corporate_authentication (id),
  procedure_id bigint REFERENCES procedure (id),
  valid_from date NOT NULL,
  valid_until date,
  delegated_at timestamptz NOT NULL DEFAULT now(),
  withdrawn_at timestamptz,
  CHECK (principal_id <> agent_id),
  CHECK (valid_until IS NULL OR valid_from < valid_until)
);
COMMENT ON TABLE proxy_delegation IS '代理申請の委任';
COMMENT ON COLUMN proxy_delegation.id IS '内部番号';
COMMENT ON COLUMN proxy_delegation.principal_id IS '委任者';
COMMENT ON COLUMN proxy_delegation.agent_id IS '代理人';
COMMENT ON COLUMN proxy_delegation.procedure_id IS '対象の手続（空: すべて）';
COMMENT ON COLUMN proxy_delegation.valid_from IS '委任の開始日';
COMMENT ON COLUMN proxy_delegation.valid_until IS '委任の終了日（その日を含まない）';
COMMENT ON COLUMN proxy_delegation.delegated_at IS '委任の登録日時';
COMMENT ON COLUMN proxy_delegation.withdrawn_at IS '委任の取消日時';
CREATE INDEX proxy_delegation_principal_idx ON proxy_delegation (principal_id);
CREATE INDEX proxy_delegation_agent_idx ON proxy_delegation (agent_id);
CREATE INDEX proxy_delegation_procedure_idx ON proxy_delegation (procedure_id);

CREATE TABLE application (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  receipt_number text NOT NULL UNIQUE,
  procedure_id bigint NOT NULL REFERENCES procedure (id),
  form_version integer NOT NULL CHECK (form_version > 0),
  applicant_kind_code text NOT NULL REFERENCES applicant_kind (code),
  corporate_authentication_id bigint REFERENCES corporate_authentication (id),
  proxy_delegation_id bigint REFERENCES proxy_delegation (id),
  applicant_name text NOT NULL,
  applicant_contact jsonb NOT NULL DEFAULT '{}',
  answers jsonb NOT NULL,
  status text NOT NULL DEFAULT 'submitted' CHECK (
    status IN ('draft', 'submitted', 'reviewing', 'returned', 'accepted', 'rejected', 'withdrawn')
  ),
  submitted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (status = 'draft' OR submitted_at IS NOT NULL)
);
COMMENT ON TABLE application IS '申請';
COMMENT ON COLUMN application.id IS '申請の識別子';
COMMENT ON COLUMN application.receipt_number IS '受付番号';
COMMENT ON COLUMN application.procedure_id IS '手続';
COMMENT ON COLUMN application.form_version IS '申請時の様式の版';
COMMENT ON COLUMN application.applicant_kind_code IS '申請者区分';
COMMENT ON COLUMN application.corporate_authentication_id IS '法人認証';
COMMENT ON COLUMN application.proxy_delegation_id IS '代理申請の委任';
COMMENT ON COLUMN application.applicant_name IS '申請者氏名又は名称';
COMMENT ON COLUMN application.applicant_contact IS '連絡先';
COMMENT ON COLUMN application.answers IS '申請内容';
COMMENT ON COLUMN application.status IS '状態';
COMMENT ON COLUMN application.submitted_at IS '申請日時';
COMMENT ON COLUMN application.created_at IS '作成日時';
COMMENT ON COLUMN application.updated_at IS '更新日時';
CREATE INDEX application_procedure_status_idx ON application (procedure_id, status, submitted_at);
CREATE INDEX application_open_idx ON application (submitted_at)
  WHERE status IN ('submitted', 'reviewing', 'returned');
CREATE INDEX application_corporate_idx ON application (corporate_authentication_id);
CREATE INDEX application_delegation_idx ON application (proxy_delegation_id);

CREATE TABLE attachment (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  application_id uuid NOT NULL REFERENCES application (id) ON DELETE CASCADE,
  object_key text NOT NULL UNIQUE,
  file_name text NOT NULL,
  media_type text NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  scanned_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE attachment IS '添付書類';
COMMENT ON COLUMN attachment.id IS '添付の識別子';
COMMENT ON COLUMN attachment.application_id IS '申請';
COMMENT ON COLUMN attachment.object_key IS '保管場所（文書バケットのキー）';
COMMENT ON COLUMN attachment.file_name IS 'ファイル名';
COMMENT ON COLUMN attachment.media_type IS 'ファイルの種類';
COMMENT ON COLUMN attachment.size_bytes IS '大きさ（バイト）';
COMMENT ON COLUMN attachment.sha256 IS '内容の SHA-256';
COMMENT ON COLUMN attachment.scanned_at IS 'ウイルス検査の日時';
COMMENT ON COLUMN attachment.created_at IS '登録日時';
CREATE INDEX attachment_application_idx ON attachment (application_id);

CREATE TABLE status_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  application_id uuid NOT NULL REFERENCES application (id) ON DELETE CASCADE,
  status text NOT NULL,
  changed_by text NOT NULL,
  comment_to_applicant text,
  changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE status_history IS '状態の履歴';
COMMENT ON COLUMN status_history.id IS '内部番号';
COMMENT ON COLUMN status_history.application_id IS '申請';
COMMENT ON COLUMN status_history.status IS '変更後の状態';
COMMENT ON COLUMN status_history.changed_by IS '変更した者（職員ID、申請者、システム）';
COMMENT ON COLUMN status_history.comment_to_applicant IS '申請者への通知文';
COMMENT ON COLUMN status_history.changed_at IS '変更日時';
CREATE INDEX status_history_application_idx ON status_history (application_id, changed_at);

CREATE TABLE health_probe (
  probe uuid PRIMARY KEY,
  written_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE health_probe IS '稼働検査で書いて読み戻す行';
COMMENT ON COLUMN health_probe.probe IS '検査ごとの乱数';
COMMENT ON COLUMN health_probe.written_at IS '書いた日時';
