// A doubly linked list whose links live in its members: joining and leaving cost no allocation.
#ifndef WEIR_TRANSPORT_BASE_INTRUSIVE_LIST_H_
#define WEIR_TRANSPORT_BASE_INTRUSIVE_LIST_H_

#include "transport/base/check.h"

namespace weir {

// Base class of a member; `Tag` tells apart several lists that one object can be in.
template <typename Tag>
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { Unlink(); }

  bool is_linked() const { return next_ != nullptr; }

  // Leaves the list it is in, if any.
  void Unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = prev_ = nullptr;
  }

 private:
  template <typename T, typename OtherTag>
  friend class IntrusiveList;

  ListNode* next_ = nullptr;
  ListNode* prev_ = nullptr;
};

// Does not own its members; a member that is destroyed leaves the list by itself.
template <typename T, typename Tag = T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.next_ = head_.prev_ = &head_; }
  ~IntrusiveList() {
    while (!empty()) head_.next_->Unlink();
    head_.next_ = head_.prev_ = nullptr;
  }

  bool empty() const { return head_.next_ == &head_; }

  void PushBack(T& member) {
    ListNode<Tag>& node = member;
    WEIR_DCHECK(!node.is_linked());
    node.prev_ = head_.prev_;
    node.next_ = &head_;
    head_.prev_->next_ = &node;
    head_.prev_ = &node;
  }

  void PushFront(T& member) {
    ListNode<Tag>& node = member;
    WEIR_DCHECK(!node.is_linked());
    node.prev_ = &head_;
    node.next_ = head_.next_;
    head_.next_->prev_ = &node;
    head_.next_ = &node;
  }

  // The list must not be empty.
  T& Front() {
    WEIR_DCHECK(!empty());
    return static_cast<T&>(*head_.next_);
  }
  const T& Front() const {
    WEIR_DCHECK(!empty());
    return static_cast<const T&>(*head_.next_);
  }

  T& PopFront() {
    T& member = Front();
    static_cast<ListNode<Tag>&>(member).Unlink();
    return member;
  }

  // Moves everything in `other` to the end of this list. O(1).
  void TakeAll(IntrusiveList& other) {
    if (other.empty()) return;
    ListNode<Tag>* first = other.head_.next_;
    ListNode<Tag>* last = other.head_.prev_;
    other.head_.next_ = other.head_.prev_ = &other.head_;
    first->prev_ = head_.prev_;
    head_.prev_->next_ = first;
    last->next_ = &head_;
    head_.prev_ = last;
  }

  // Calls `visit(member)` for each; `visit` may unlink the member it is given, and no other.
  template <typename Visit>
  void ForEach(Visit visit) {
    for (ListNode<Tag>* node = head_.next_; node != &head_;) {
      ListNode<Tag>* next = node->next_;
      visit(static_cast<T&>(*node));
      node = next;
    }
  }

  template <typename Test>
  bool AllOf(Test test) const {
    const ListNode<Tag>* node = head_.next_;
    while (node != &head_ && test(static_cast<const T&>(*node))) node = node->next_;
    return node == &head_;
  }

 private:
  ListNode<Tag> head_;
};

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_INTRUSIVE_LIST_H_
