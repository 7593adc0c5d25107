"""What the documents tell people to type."""

import documents
from unit_checks import _expect


def every_command_of_the_documents_is_run_by_a_test(world):
    wrong = documents.shortcomings(world.root)
    _expect(not wrong, "\n".join(wrong))
    print(f"     {len(documents.found(world.root))} commands")
