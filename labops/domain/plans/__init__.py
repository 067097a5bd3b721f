"""Plans, who is on them, and the ledgers of hours and euro."""
