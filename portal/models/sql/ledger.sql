-- The ledger is append-only and each booking sums to zero, whoever writes it.

CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE OR REPLACE TRIGGER ledger_tx_append_only
    BEFORE UPDATE OR DELETE ON ledger_tx
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE OR REPLACE TRIGGER ledger_entry_append_only
    BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE OR REPLACE TRIGGER ledger_tx_no_truncate
    BEFORE TRUNCATE ON ledger_tx
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE OR REPLACE TRIGGER ledger_entry_no_truncate
    BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE OR REPLACE FUNCTION ledger_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    booking uuid;
BEGIN
    IF TG_TABLE_NAME = 'ledger_tx' THEN booking := NEW.id; ELSE booking := NEW.tx_id; END IF;
    IF (SELECT coalesce(sum(amount_cents), 0) FROM ledger_entry WHERE tx_id = booking) <> 0 THEN
        RAISE EXCEPTION 'booking % does not sum to zero', booking
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- Deferred: the sides of a booking arrive one by one, the sum is due at commit. Receivables are
-- left to the booking's own row: an import books a hundred thousand of them at once.
DROP TRIGGER IF EXISTS ledger_tx_balanced ON ledger_tx;
CREATE CONSTRAINT TRIGGER ledger_tx_balanced
    AFTER INSERT ON ledger_tx DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_sums_to_zero();
DROP TRIGGER IF EXISTS ledger_entry_balanced ON ledger_entry;
CREATE CONSTRAINT TRIGGER ledger_entry_balanced
    AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.ledger_account <> 'receivable')
    EXECUTE FUNCTION ledger_sums_to_zero();
