-- phase: expand
-- 電子申請システムB: 手続、申請、添付、審査の経過（法人認証と代理申請はない）

CREATE TABLE applicant_kind (
  code text PRIMARY KEY,
  title text NOT NULL
);
COMMENT ON TABLE applicant_kind IS '申請者区分';
COMMENT ON COLUMN applicant_kind.code IS '区分コード';
COMMENT ON COLUMN applicant_kind.title IS '区分名';
INSERT INTO applicant_kind (code, title) VALUES ('individual', '個人'), ('corporation', '法人');

CREATE TABLE procedure (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text NOT NULL UNIQUE,
  title text NOT NULL,
  section text NOT NULL,
  form_version integer NOT NULL DEFAULT 1 CHECK (form_version > 0),
  form jsonb NOT NULL,
  opens_at timestamptz,
  closes_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (opens_at IS NULL OR closes_at IS NULL OR opens_at < closes_at)
);
COMMENT ON TABLE procedure IS '手続';
COMMENT ON COLUMN procedure.id IS '内部番号';
COMMENT ON COLUMN procedure.code IS '手続ID';
COMMENT ON COLUMN procedure.title IS '手続名';
COMMENT ON COLUMN procedure.section IS '所管課';
COMMENT ON COLUMN procedure.form_version IS '様式の版';
COMMENT ON COLUMN procedure.form IS '様式（JSON Schema と画面定義）';
COMMENT ON COLUMN procedure.opens_at IS '受付開始日時';
COMMENT ON COLUMN procedure.closes_at IS '受付終了日時';
COMMENT ON COLUMN procedure.created_at IS '登録日時';
COMMENT ON COLUMN procedure.updated_at IS '更新日時';
CREATE INDEX procedure_section_idx ON procedure (section);

CREATE TABLE application (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  receipt_number text NOT NULL UNIQUE,
  procedure_id bigint NOT NULL REFERENCES procedure (id),
  form_version integer NOT NULL CHECK (form_version > 0),
  applicant_kind_code text NOT NULL REFERENCES applicant_kind (code),
  applicant_name text NOT NULL,
  applicant_contact jsonb NOT NULL DEFAULT '{}',
  answers jsonb NOT NULL,
  status text NOT NULL DEFAULT 'submitted' CHECK (
    status IN ('submitted', 'reviewing', 'returned', 'accepted', 'rejected', 'withdrawn')
  ),
  submitted_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE application IS '申請';
COMMENT ON COLUMN application.id IS '申請の識別子';
COMMENT ON COLUMN application.receipt_number IS '受付番号';
COMMENT ON COLUMN application.procedure_id IS '手続';
COMMENT ON COLUMN application.form_version IS '申請時の様式の版';
COMMENT ON COLUMN application.applicant_kind_code IS '申請者区分';
COMMENT ON COLUMN application.applicant_name IS '申請者氏名又は名称';
COMMENT ON COLUMN application.applicant_contact IS '連絡先';
COMMENT ON COLUMN application.answers IS '申請内容';
COMMENT ON COLUMN application.status IS '状態';
COMMENT ON COLUMN application.submitted_at IS '申請日時';
COMMENT ON COLUMN application.updated_at IS '更新日時';
CREATE INDEX application_procedure_status_idx ON application (procedure_id, status, submitted_at);

CREATE TABLE attachment (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  application_id uuid NOT NULL REFERENCES application (id) ON DELETE CASCADE,
  object_key text NOT NULL UNIQUE,
  file_name text NOT NULL,
  media_type text NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
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
