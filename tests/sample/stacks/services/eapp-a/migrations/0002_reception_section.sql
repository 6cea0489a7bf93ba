-- phase: expand
-- 1.1.0: 受付窓口の記録と手数料の納付。既存の列は変えず、空を許す列だけを足すため、
-- 1.0.0 もこのスキーマのまま動く。空の値は「手続の所管課」「納付なし」と読む。

ALTER TABLE application ADD COLUMN reception_section text;
COMMENT ON COLUMN application.reception_section IS '受付窓口（空: 手続の所管課）';

CREATE TABLE fee_payment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  application_id uuid NOT NULL REFERENCES application (id),
  amount_yen integer NOT NULL CHECK (amount_yen > 0),
  method text NOT NULL CHECK (method IN ('credit-card', 'pay-easy')),
  provider_reference text NOT NULL UNIQUE,
  paid_at timestamptz,
  refunded_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE fee_payment IS '手数料の納付';
COMMENT ON COLUMN fee_payment.id IS '内部番号';
COMMENT ON COLUMN fee_payment.application_id IS '申請';
COMMENT ON COLUMN fee_payment.amount_yen IS '金額（円、税込）';
COMMENT ON COLUMN fee_payment.method IS '納付方法';
COMMENT ON COLUMN fee_payment.provider_reference IS '収納代行の取引番号';
COMMENT ON COLUMN fee_payment.paid_at IS '納付日時';
COMMENT ON COLUMN fee_payment.refunded_at IS '還付日時';
COMMENT ON COLUMN fee_payment.created_at IS '登録日時';
CREATE INDEX fee_payment_application_idx ON fee_payment (application_id);
