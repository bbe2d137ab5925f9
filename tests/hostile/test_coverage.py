"""Every hostile input that the house must stand has its test: this is the list, and it fails when one is missing."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# group -> what somebody may try -> the test that shows the answer. A name without `[…]` stands for all its cases.
COVERED: dict[str, dict[str, str]] = {
    "webhook, who is believed": {
        "unsigned": "test_webhook.py::test_who_is_not_believed[no signature]",
        "wrongly signed": "test_webhook.py::test_who_is_not_believed[wrong signature]",
        "signed with nothing": "test_webhook.py::test_who_is_not_believed[empty signature]",
        "signed by an algorithm nobody knows": "test_webhook.py::test_who_is_not_believed[unknown algorithm]",
        "a forged forwarded host": "test_webhook.py::test_who_is_not_believed[forged forwarded host]",
        "a forged host": "test_webhook.py::test_who_is_not_believed[forged host]",
        "a forged forwarded scheme": "test_webhook.py::test_who_is_not_believed[forged forwarded scheme]",
        "a query that was not signed": "test_webhook.py::test_who_is_not_believed[extra query parameter]",
        "a second value for a name": "test_webhook.py::test_who_is_not_believed[parameter given twice]",
        "a second value, signed": "test_webhook.py::test_who_is_not_believed[parameter given twice, signed]",
        "somebody else's account": "test_webhook.py::test_who_is_not_believed[another tenant]",
        "a file among the fields": "test_webhook.py::test_who_is_not_believed[file part]",
        "half a surrogate pair": "test_webhook.py::test_who_is_not_believed[lone surrogate]",
        "a port out of range": "test_webhook.py::test_who_is_not_believed[a port that is none]",
        "two fields written as one": "test_webhook.py::test_fields_glued_together_lack_what_is_demanded",
        "the same webhook again": "test_webhook.py::test_a_replay_is_taken_without_effect",
        "a number of no hotel": "test_webhook.py::test_an_unknown_number_is_kept_aside_and_alerted",
    },
    "webhook, its shape": {
        "a huge field": "test_webhook.py::test_what_is_misshapen[/whatsapp-a field of a megabyte]",
        "too many fields": "test_webhook.py::test_what_is_misshapen[/whatsapp-1,500 fields]",
        "a body without end": "test_webhook.py::test_an_endless_chunked_body",
        "a body that dribbles": "test_webhook.py::test_a_slow_sender_is_cut_off[body]",
        "headers that dribble": "test_webhook.py::test_a_slow_sender_is_cut_off[headers]",
        "JSON": "test_webhook.py::test_what_is_misshapen[/whatsapp-JSON]",
        "plain text": "test_webhook.py::test_what_is_misshapen[/whatsapp-plain text]",
        "parts without a boundary": "test_webhook.py::test_what_is_misshapen[/whatsapp-multipart without a boundary]",
        "a file called Body": "test_webhook.py::test_what_is_misshapen[/whatsapp-a file part named Body]",
        "no account": "test_webhook.py::test_what_is_lacking_though_signed[no AccountSid]",
        "a GET": "test_webhook.py::test_what_is_misshapen[/whatsapp-GET]",
        "no id": "test_webhook.py::test_what_is_lacking_though_signed[no MessageSid]",
        "a very long id": "test_webhook.py::test_what_is_lacking_though_signed[a SID of 10 KB]",
        "an id made of SQL": "test_webhook.py::test_what_is_lacking_though_signed[a SID of SQL]",
        "an origin that cannot be read": "test_webhook.py::test_what_is_misshapen[/whatsapp-an origin that is none]",
        "a host that cannot be read": "test_webhook.py::test_what_is_misshapen[/whatsapp-a host that is none]",
        "the same at the status callback": "test_webhook.py::test_what_is_misshapen[/whatsapp/status-GET]",
    },
    "webhook, its content": {
        "NUL": "test_webhook.py::test_what_is_taken_as_it_comes[NUL]",
        "bytes of another encoding": "test_webhook.py::test_bytes_that_are_no_utf8",
        "an empty body": "test_webhook.py::test_what_is_taken_as_it_comes[empty]",
        "hundreds of files announced": "test_webhook.py::test_what_is_taken_as_it_comes[NumMedia 999]",
        "less than no files": "test_webhook.py::test_what_is_taken_as_it_comes[NumMedia -1]",
        "a latitude that is no number": "test_webhook.py::test_what_is_taken_as_it_comes[Latitude NaN]",
        "a longitude without end": "test_webhook.py::test_what_is_taken_as_it_comes[Longitude 1e999]",
        "a name that turns the text around": "test_webhook.py::test_what_is_taken_as_it_comes[right to left]",
        "a name that is not seen": "test_webhook.py::test_what_is_taken_as_it_comes[zero width]",
        "a name of stacked marks": "test_webhook.py::test_what_is_taken_as_it_comes[zalgo]",
        "a guest without a phone": "test_webhook.py::test_a_guest_without_a_phone",
        "a burst": "test_webhook.py::test_fifty_messages_in_a_second_make_few_turns",
        "statuses in the wrong order": "test_webhook.py::test_a_status_only_rises[out of order]",
        "a status again and again": "test_webhook.py::test_a_status_only_rises[duplicated]",
        "a status that falls": "test_webhook.py::test_a_status_only_rises[falling]",
        "a status of nothing": "test_webhook.py::test_a_status_for_an_unknown_message_is_taken_and_forgotten",
        "a status that is early": "test_webhook.py::test_a_status_may_come_before_our_own_commit",
    },
    "files": {
        "private and link-local addresses": "test_media.py::test_addresses_that_are_refused",
        "a host dressed up as a user": "test_media.py::test_addresses_that_are_refused",
        "a redirect inside": "test_media.py::test_addresses_that_are_refused",
        "a name that is looked up twice": "test_media.py::test_a_name_that_changes_its_mind",
        "a file without end": "test_media.py::test_a_file_of_a_gigabyte",
        "HTML and SVG called a picture": "test_media.py::test_pages_in_an_images_clothes",
        "HTML and SVG called so": "test_media.py::test_types_that_are_no_pictures_are_downloads",
        "credentials after a redirect": "test_media.py::test_credentials_never_follow_a_redirect",
    },
    "pages, logs, exports": {
        "markup in a body or a name": "test_pages.py::test_markup_in_a_body_or_a_name_is_data",
        "markup in a browser": "test_pages.py::test_in_a_browser_markup_and_links_are_text",
        "markup that is given back": "test_pages.py::test_markup_that_comes_back_is_escaped",
        "scripts within a page": "test_pages.py::test_no_page_runs_what_stands_in_it",
        "a link that is a script": "test_pages.py::test_in_a_browser_markup_and_links_are_text",
        "lines and terminal codes, for programs": (
            "test_pages.py::test_no_text_of_a_guest_and_no_line_of_a_stranger_is_logged[json]"
        ),
        "lines and terminal codes, for people": (
            "test_pages.py::test_no_text_of_a_guest_and_no_line_of_a_stranger_is_logged[text]"
        ),
        "a formula": "test_pages.py::test_a_formula_in_an_export_is_text",
    },
    "the desk's own doors": {
        "files that are too large": "test_desk.py::test_files_larger_than_their_limit",
        "a form without end": "test_desk.py::test_a_form_without_end",
        "files of a stranger": "test_desk.py::test_a_stranger_sends_no_more_than_a_form",
        "too many files": "test_desk.py::test_more_files_than_ten",
        "a page called a picture": "test_desk.py::test_a_page_called_a_picture[image/png]",
        "a page called a PDF": "test_desk.py::test_a_page_called_a_picture[application/pdf]",
        "markup on a page": "test_desk.py::test_markup_on_the_pages_of_leads_and_admins[/people]",
        "a formula in the log": "test_desk.py::test_formulas_in_the_audit_log",
        "a body of another shape": "test_desk.py::test_a_body_of_another_shape[a deep one-/people]",
        "a form on a foreign page": "test_desk.py::test_a_foreign_page[POST-/send_files]",
        "an admin who wants more": "test_desk.py::test_an_admin_of_one_hotel_gains_no_other",
        "a house without an admin": "test_desk.py::test_nobody_disables_the_last_admin_of_all",
        "a curious lead": "test_desk.py::test_a_lead_reads_no_other_hotels_log",
        "ids of another conversation": "test_desk.py::test_ids_of_another_conversation",
        "a colleague of another hotel": "test_desk.py::test_a_colleague_of_another_hotel_is_given_nothing",
    },
    "signing in": {
        "guesses at an account": "test_sign_in.py::test_guesses_at_one_account[a thousand at once]",
        "guesses from an address": "test_sign_in.py::test_guesses_from_one_address",
        "guesses from a network of IPv6": "test_sign_in.py::test_an_address_of_ipv6_is_its_whole_network",
        "locking a colleague out": "test_sign_in.py::test_guesses_at_one_account[a hundred one by one]",
        "trying names": "test_sign_in.py::test_an_unknown_name_is_told_like_a_wrong_password",
        "a huge password": "test_sign_in.py::test_a_password_of_a_megabyte",
        "a planted session": "test_sign_in.py::test_a_planted_session_is_never_adopted",
        "an old session": "test_sign_in.py::test_a_second_sign_in_ends_the_first_session",
        "a live desk of somebody disabled": "test_sign_in.py::test_a_disabled_user_is_out_within_five_seconds",
        "a form on a foreign page": "test_sign_in.py::test_a_cross_site_post",
        "a way out of the site": "test_sign_in.py::test_an_open_redirect",
    },
    "sockets": {
        "nobody": "test_sockets.py::test_no_cookie",
        "a foreign page, at the desk": "test_sockets.py::test_a_foreign_origin_at_the_desk",
        "a foreign page, at the chat": "test_sockets.py::test_a_foreign_origin_at_the_chat",
        "another hotel's events": "test_sockets.py::test_another_hotels_room",
        "a conversation by guess": "test_sockets.py::test_a_guessed_conversation",
        "a huge frame": "test_sockets.py::test_a_frame_of_two_megabytes",
        "a flood, at the desk": "test_sockets.py::test_a_flood_at_the_desk",
        "a flood, at the chat": "test_sockets.py::test_a_flood_at_the_chat",
        "fields amiss, at the desk": "test_sockets.py::test_a_field_that_is_missing_or_mistyped_at_the_desk",
        "fields amiss, at the chat": "test_sockets.py::test_a_field_that_is_missing_or_mistyped_at_the_chat",
    },
    "models": {
        "a wish to see the prompt": "test_model.py::test_a_guests_instructions_are_a_guests_words[in a message]",
        "a model that shows it": "test_model.py::test_a_model_that_shows_its_prompt_is_not_heard",
        "a claim to a room": "test_model.py::test_a_guests_instructions_are_a_guests_words[a claim to a room]",
        "a claim to another's data": "test_model.py::test_one_guest_is_not_told_of_another",
        "orders in a button": "test_model.py::test_a_guests_instructions_are_a_guests_words[in a button's payload]",
        "orders in a name": "test_model.py::test_a_guests_instructions_are_a_guests_words[in a profile name]",
        "orders in a file": "test_model.py::test_a_guests_instructions_are_a_guests_words[in a document]",
        "a tool for another guest": "test_model.py::test_a_tool_call_with_another_guests_id",
        "a tool that is none": "test_model.py::test_an_unknown_tool",
        "arguments that are no JSON": "test_model.py::test_arguments_that_do_not_fit",
        "an answer that is no JSON": "test_model.py::test_an_answer_that_is_no_json",
        "tools in a circle": "test_model.py::test_a_tool_loop",
        "money": "test_model.py::test_a_refund_is_for_staff_to_agree_to",
        "a foreign link": "test_model.py::test_links_outside_the_hotels_domains",
        "far too much": "test_model.py::test_ten_thousand_characters",
        "nothing": "test_model.py::test_nothing_at_all",
    },
    "configuration": {
        "a key that is none": "test_configuration.py::test_a_fault[unknown key]",
        "a value of another type": "test_configuration.py::test_a_fault[wrong type]",
        "a variable that is not set": "test_configuration.py::test_a_fault[missing variable]",
        "a plugin that is none": "test_configuration.py::test_a_fault[unknown plugin]",
        "a store too many": "test_configuration.py::test_a_fault[two stores]",
        "a channel too few": "test_configuration.py::test_a_fault[no channel]",
        "one number, two hotels": "test_configuration.py::test_a_fault[a number given to two hotels]",
        "tabs": "test_configuration.py::test_a_fault[tabs]",
        "nothing in it": "test_configuration.py::test_a_fault[an empty file]",
        "no file": "test_configuration.py::test_a_file_that_is_not_there",
        "no facts": "test_configuration.py::test_a_fault[a facts file that is not there]",
        "a plugin that breaks": "test_configuration.py::test_a_broken_plugin_is_named[broken-check]",
        "its traceback": "test_configuration.py::test_the_traceback_of_a_broken_plugin_comes_with_debug",
    },
}


@cache
def collected() -> frozenset[str]:
    """Return the ids of this folder's tests, with cases and without."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests/hostile"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    ids = {line.removeprefix("tests/hostile/") for line in shown.stdout.splitlines() if "::" in line}
    return frozenset(ids | {one.partition("[")[0] for one in ids})


@pytest.mark.parametrize("group", COVERED)
def test_everything_in_the_list_has_its_test(group: str) -> None:
    missing = {what: test for what, test in COVERED[group].items() if test not in collected()}

    assert missing == {}


def test_the_list_names_every_module_of_this_folder() -> None:
    named = {test.partition("::")[0] for tests in COVERED.values() for test in tests.values()}
    others = {"test_permissions.py", "test_coverage.py"}  # who may do what is a table of its own

    assert named | others == {path.name for path in Path(__file__).parent.glob("test_*.py")}
