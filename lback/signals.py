"""What an app imports to declare, to receive and to find the framework's signals."""

from lback.core.catalogue import before_render_template
from lback.core.catalogue import cache_cleared
from lback.core.catalogue import cache_hit
from lback.core.catalogue import cache_initialized
from lback.core.catalogue import cache_item_deleted
from lback.core.catalogue import cache_item_evicted
from lback.core.catalogue import cache_item_expired
from lback.core.catalogue import cache_item_fetched
from lback.core.catalogue import cache_item_set
from lback.core.catalogue import cache_miss
from lback.core.catalogue import changes_committed
from lback.core.catalogue import db_session_committed
from lback.core.catalogue import db_session_rolled_back
from lback.core.catalogue import db_template_load_failed
from lback.core.catalogue import db_template_loaded
from lback.core.catalogue import error_handler_initialized
from lback.core.catalogue import error_response_generated
from lback.core.catalogue import got_request_exception
from lback.core.catalogue import middleware_add_failed
from lback.core.catalogue import middleware_added
from lback.core.catalogue import middleware_manager_initialized
from lback.core.catalogue import middleware_process_request_failed
from lback.core.catalogue import middleware_process_response_failed
from lback.core.catalogue import middleware_remove_by_class_failed
from lback.core.catalogue import middleware_remove_failed
from lback.core.catalogue import middleware_removed
from lback.core.catalogue import middleware_removed_by_class
from lback.core.catalogue import post_delete
from lback.core.catalogue import post_migrate
from lback.core.catalogue import post_save
from lback.core.catalogue import pre_delete
from lback.core.catalogue import pre_migrate
from lback.core.catalogue import pre_save
from lback.core.catalogue import receiver_connected
from lback.core.catalogue import receiver_disconnected
from lback.core.catalogue import receiver_failed
from lback.core.catalogue import request_finished
from lback.core.catalogue import request_started
from lback.core.catalogue import server_request_finished
from lback.core.catalogue import server_request_received
from lback.core.catalogue import server_response_sent
from lback.core.catalogue import server_shutting_down
from lback.core.catalogue import server_started
from lback.core.catalogue import server_starting
from lback.core.catalogue import template_rendered
from lback.core.catalogue import template_rendering_failed
from lback.core.catalogue import template_rendering_started
from lback.core.catalogue import unhandled_exception_response_generated
from lback.core.signals import dispatcher
from lback.core.signals import receiver
from lback.core.signals import Results
from lback.core.signals import Signal
from lback.core.signals import SignalDispatcher

__all__ = [
    "Results",
    "Signal",
    "SignalDispatcher",
    "before_render_template",
    "cache_cleared",
    "cache_hit",
    "cache_initialized",
    "cache_item_deleted",
    "cache_item_evicted",
    "cache_item_expired",
    "cache_item_fetched",
    "cache_item_set",
    "cache_miss",
    "changes_committed",
    "db_session_committed",
    "db_session_rolled_back",
    "db_template_load_failed",
    "db_template_loaded",
    "dispatcher",
    "error_handler_initialized",
    "error_response_generated",
    "got_request_exception",
    "middleware_add_failed",
    "middleware_added",
    "middleware_manager_initialized",
    "middleware_process_request_failed",
    "middleware_process_response_failed",
    "middleware_remove_by_class_failed",
    "middleware_remove_failed",
    "middleware_removed",
    "middleware_removed_by_class",
    "post_delete",
    "post_migrate",
    "post_save",
    "pre_delete",
    "pre_migrate",
    "pre_save",
    "receiver",
    "receiver_connected",
    "receiver_disconnected",
    "receiver_failed",
    "request_finished",
    "request_started",
    "server_request_finished",
    "server_request_received",
    "server_response_sent",
    "server_shutting_down",
    "server_started",
    "server_starting",
    "template_rendered",
    "template_rendering_failed",
    "template_rendering_started",
    "unhandled_exception_response_generated",
]
