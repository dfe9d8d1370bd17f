"""The page on lback-framework has each of its signals, with what becomes of it."""

import inspect
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from lback.core import catalogue
from lback.core.catalogue import ALIASES
from lback.core.catalogue import AWAITED
from lback.core.signals import Signal

_PAGE = Path(__file__).parents[2] / "docs" / "published-signals.md"
_NAME = re.compile(r"`(\w+)`")

# Every name that lback-framework 1.0.3 sends: the sends in the syntax trees of its
# modules and of the project template in it.
PUBLISHED = frozenset(
    """
    admin_auth_initialized admin_authenticated admin_authentication_check
    admin_authentication_failed admin_authentication_started admin_login_attempt
    admin_login_failed admin_login_successful admin_logout_attempt
    admin_logout_successful admin_model_registered admin_model_registration_failed
    admin_pre_register admin_registered admin_registration_attempt
    admin_registration_failed admin_registration_started
    admin_registration_successful admin_registry_initialized
    admin_user_permission_checked admin_user_post_create admin_user_post_delete
    admin_user_post_update admin_user_pre_create admin_user_pre_delete
    admin_user_pre_update alembic_command_completed alembic_command_failed
    alembic_command_started api_docs_collection_finished api_docs_collection_started
    api_docs_initialized api_docs_route_documented api_docs_route_skipped
    api_docs_serializer_schema_registered
    api_docs_serializer_schema_registered_finished cache_cleared cache_hit
    cache_initialized cache_item_deleted cache_item_expired cache_item_fetched
    cache_item_set cache_miss command_failed command_finished command_started
    csrf_token_generated csrf_token_validated csrf_token_validation_failed
    db_engine_disposed db_manager_initialized db_operation_failed
    db_session_committed db_session_rolled_back db_tables_created db_tables_dropped
    db_template_load_failed db_template_loaded db_template_loading_started
    error_handler_initialized error_response_generated exception_caught
    jwt_access_token_created jwt_decode_failed jwt_refresh_token_created
    jwt_token_decoded middleware_add_failed middleware_added
    middleware_manager_initialized middleware_process_request_failed
    middleware_process_request_started middleware_process_request_succeeded
    middleware_process_response_failed middleware_process_response_started
    middleware_process_response_succeeded middleware_remove_by_class_failed
    middleware_remove_failed middleware_removed middleware_removed_by_class
    middleware_request_processing_finished middleware_request_processing_started
    middleware_request_short_circuited middleware_response_processing_finished
    middleware_response_processing_started migration_commands_initialized
    migration_history_command migration_makemigrations_command
    migration_migrate_command migration_rollback_command model_pre_validate
    oauth2_authorize_url_generated oauth2_token_fetch_failed oauth2_token_fetched
    oauth2_token_refresh_failed oauth2_token_refreshed openapi_spec_generated
    password_reset_failed password_reset_request_failed
    password_reset_request_processed password_reset_request_started
    password_reset_started password_reset_successful permission_check_failed
    permission_check_started permission_check_succeeded permission_post_create
    permission_post_delete permission_post_update permission_pre_create
    permission_pre_delete permission_pre_update post_view_execution
    pre_view_execution product_discount_application_failed product_discount_applied
    product_quantity_update_failed product_quantity_updated request_finished
    request_started role_permission_added role_permission_operation_failed
    role_permission_removed role_post_create role_post_delete role_post_update
    role_pre_create role_pre_delete role_pre_update route_matched
    serializer_initialized serializer_post_save serializer_post_serialize
    serializer_pre_save serializer_pre_serialize serializer_validation_failed
    serializer_validation_started serializer_validation_succeeded
    server_request_finished server_request_received session_authentication_check
    session_cleanup_finished session_cleanup_started session_data_set
    session_login_failed session_manager_initialized session_operation_failed
    template_rendered template_rendering_failed template_rendering_started
    unhandled_exception_response_generated user_authenticated
    user_authentication_failed user_authentication_started user_deleted
    user_deletion_failed user_deletion_started user_email_verification_failed
    user_email_verification_initiated user_email_verification_successful
    user_email_verification_token_generated user_email_verified user_logged_in
    user_logged_out user_password_check_failed user_password_checked
    user_password_set user_password_set_failed user_post_create user_post_delete
    user_post_update user_pre_create user_pre_delete user_pre_register
    user_pre_update user_registered user_registration_failed
    user_registration_started user_update_failed user_update_started user_updated
    view_dispatch_started view_dispatch_succeeded view_handler_not_implemented
    view_method_not_allowed wsgi_application_error
    """.split()  # noqa: SIM905  # a list would take a line for each
)

# The fields that it sends with the signals that Lback keeps.
FIELDS = {
    "db_session_committed": "request session",
    "db_session_rolled_back": "request session exception",
    "error_handler_initialized": "",
    "error_response_generated": (
        "status_code error_message request response exception allowed_methods"
    ),
    "middleware_add_failed": "middleware_instance middleware_name error_type",
    "middleware_added": "middleware_instance middleware_name",
    "middleware_manager_initialized": "",
    "middleware_process_request_failed": (
        "middleware_instance middleware_name request error_type exception returned_type"
    ),
    "middleware_process_response_failed": (
        "middleware_instance middleware_name request current_response error_type "
        "returned_type exception"
    ),
    "middleware_remove_by_class_failed": (
        "middleware_class middleware_class_name error_type"
    ),
    "middleware_remove_failed": "middleware_instance middleware_name error_type",
    "middleware_removed": "middleware_instance middleware_name",
    "middleware_removed_by_class": (
        "middleware_class middleware_class_name removed_count removed_instances"
    ),
    "request_finished": "request response",
    "request_started": "request",
    "server_request_finished": (
        "method path full_path duration status_code response request"
    ),
    "server_request_received": "method path full_path headers environ",
    "template_rendered": "template_name context rendered_content source",
    "template_rendering_failed": "template_name context source error_type exception",
    "template_rendering_started": "template_name context source",
    "unhandled_exception_response_generated": "status_code exception request response",
}

DECLARED: dict[str, Signal[..., object]] = {
    str(value.name): value
    for value in vars(catalogue).values()
    if isinstance(value, Signal)
}
KNOWN = {**DECLARED, **ALIASES}


class Page(NamedTuple):
    """The tables of the page.

    Attributes:
        names: Every name that a table has, as often as it has it.
        kept: The names that are kept, each with the fields that are gone.
        awaited: The names that are awaited, each with what they come with.
        replaced: All others, each with what to use.
    """

    names: Counter[str]
    kept: dict[str, set[str]]
    awaited: dict[str, str]
    replaced: dict[str, str]


def rows_in(text: str) -> list[list[str]]:
    """Return the cells of the rows of *text* that have a name in them."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return [row for row in rows if any(_NAME.search(cell) for cell in row)]


def names_in(cell: str) -> list[str]:
    """Return the names between backticks in *cell*."""
    return _NAME.findall(cell)


def read(text: str) -> Page:
    """Return the tables in the text of the page."""
    before, replaced = text.split("\n## Replaced\n")
    kept, awaited = before.split("\n## Awaited\n")
    kept_rows, awaited_rows = rows_in(kept), rows_in(awaited)
    replaced_rows = rows_in(replaced)
    cells = [row[0] for row in [*kept_rows, *replaced_rows]]
    cells += [names for _, names in awaited_rows]
    return Page(
        Counter(name for cell in cells for name in names_in(cell)),
        {
            n: set(names_in(gone))
            for first, gone, _ in kept_rows
            for n in names_in(first)
        },
        {name: part for part, names in awaited_rows for name in names_in(names)},
        {name: use for first, use in replaced_rows for name in names_in(first)},
    )


def fields_of(name: str) -> set[str]:
    """Return the fields of a signal of the catalogue, or none."""
    payload = KNOWN[name].payload if name in KNOWN else None
    return set() if payload is None else set(inspect.signature(payload).parameters)


@pytest.fixture(scope="module")
def page() -> Page:
    """Return the page's tables."""
    return read(_PAGE.read_text(encoding="utf-8"))


def test_every_published_name_is_there_once(page: Page) -> None:
    """Each of the 186 names stands on the page, in one place."""
    assert 186 == len(PUBLISHED)
    assert Counter(PUBLISHED) == page.names


def test_kept_names_are_those_of_the_catalogue(page: Page) -> None:
    """A name is kept if the catalogue declares it, and only then."""
    assert PUBLISHED & KNOWN.keys() == page.kept.keys()


def test_awaited_names_are_those_of_the_catalogue(page: Page) -> None:
    """A name is awaited if the catalogue says so, and comes with what it says."""
    assert {name: AWAITED[name] for name in PUBLISHED & AWAITED.keys()} == page.awaited


@pytest.mark.parametrize("name", FIELDS)
def test_fields_that_are_gone_are_named(page: Page, name: str) -> None:
    """What a kept signal does not pass any more stands beside it."""
    assert set(FIELDS[name].split()) - fields_of(name) == page.kept[name]


def test_what_to_use_exists(page: Page) -> None:
    """A replacement is a signal that is known or awaited, or one of its fields."""
    signals = KNOWN.keys() | AWAITED.keys()
    uses = {
        use: [n for n in names_in(use) if n.islower()] for use in page.replaced.values()
    }
    unknown = {
        name
        for names in uses.values()
        for name in names
        if name not in signals
        and not any(name in fields_of(signal) for signal in names)
    }

    assert set() == unknown


def test_what_is_replaced_by_nothing_has_a_reason(page: Page) -> None:
    """Where no signal is named, it says why, or what comes later, or what to do."""
    silent = {
        name: use
        for name, use in page.replaced.items()
        if not names_in(use) and not re.match(r"(nothing|later): \w+", use)
    }

    assert {} == silent


def test_awaited_replacements_say_so(page: Page) -> None:
    """Nobody is sent to a name that nothing sends without being told."""
    silent = {
        name
        for name, use in page.replaced.items()
        if any(n in AWAITED for n in names_in(use)) and "awaited" not in use
    }

    assert set() == silent
