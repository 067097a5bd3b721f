def sign_in_link(account_id: int, revision: int) -> str:
    raise RuntimeError
